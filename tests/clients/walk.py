"""Asks the simulated tenant every question about every account, so that the record of answers is complete."""

import os

import requests

ORIGIN, CA = os.environ["SIM_ORIGIN"], os.environ["SIM_CA"]
TENANT, APP, SECRET = os.environ["SIM_TENANT"], os.environ["SIM_CLIENT"], os.environ["SIM_SECRET"]
USER = (
    "id,userPrincipalName,displayName,givenName,surname,mail,mailNickname,jobTitle,department,usageLocation,accountEnabled,"
    "userType,creationType,externalUserState,createdDateTime,deletedDateTime,onPremisesSyncEnabled,onPremisesImmutableId,"
    "onPremisesExtensionAttributes,showInAddressList,proxyAddresses,businessPhones,otherMails,imAddresses,assignedLicenses,"
    "assignedPlans,provisionedPlans,licenseAssignmentStates,mobilePhone,officeLocation,preferredLanguage,country"
)
FOLDERS = ["inbox", "calendar", "contacts", "tasks", "notes", "journal", "drafts", "outbox", "sentitems", "deleteditems",
           "junkemail", "msgfolderroot", "root", "searchfolders", "conversationhistory", "recoverableitemsroot", "voicemail"]
session = requests.Session()
session.verify = CA
session.headers["User-Agent"] = "walk/1.0"


def token(resource):
    form = {"grant_type": "client_credentials", "client_id": APP, "client_secret": SECRET, "scope": f"{resource}/.default"}
    return session.post(f"{ORIGIN}/{TENANT}/oauth2/v2.0/token", data=form, timeout=10).json()["access_token"]


GRAPH = {"Authorization": f"Bearer {token('https://graph.microsoft.com')}"}
EXCHANGE = {"Authorization": f"Bearer {token('https://outlook.office365.com')}"}


def graph(path, **headers):
    return session.get(f"{ORIGIN}/v1.0{path}", headers={**GRAPH, **headers}, timeout=20)


def ews(address, shape, ids):
    folders = "".join(f'<t:DistinguishedFolderId Id="{name}"/>' for name in ids)
    body = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">
<s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/><t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>{address}</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header>
<s:Body><m:GetFolder><m:FolderShape><t:BaseShape>{shape}</t:BaseShape></m:FolderShape><m:FolderIds>{folders}</m:FolderIds></m:GetFolder></s:Body></s:Envelope>"""
    headers = {**EXCHANGE, "Content-Type": "text/xml; charset=utf-8", "X-AnchorMailbox": address}
    return session.post(f"{ORIGIN}/EWS/Exchange.asmx", data=body.encode(), headers=headers, timeout=20)


users, url = [], f"/users?$top=50&$select={USER}"
while url:
    page = graph(url).json()
    users += page["value"]
    url = page.get("@odata.nextLink", "").removeprefix(f"{ORIGIN}/v1.0") or None
for path in ["/organization", f"/organization/{TENANT}", "/domains", "/subscribedSkus", "/directory/deletedItems/microsoft.graph.user",
             "/users", "/users?$top=3&$filter=startswith(displayName,'A')", "/users?$filter=userType ne 'Guest'", "/users?$top=0", "/nothing",
             "/users/nobody@contoso.example", "/servicePrincipals", "/users?$select=nothing"]:
    graph(path)
graph("/users?$count=true&$top=5", ConsistencyLevel="eventual")
for user in users:
    key = user["id"]
    for part in ["", f"?$select={USER}", "/licenseDetails", "/mailboxSettings", "/calendar", "/calendar/calendarPermissions",
                 "/mailFolders", "/mailFolders/inbox"]:
        graph(f"/users/{key}{part}")
    address = user["mail"] or user["userPrincipalName"]
    ews(address, "IdOnly", FOLDERS)
    ews(address, "AllProperties", FOLDERS)
for start in range(0, len(users), 20):
    steps = [{"id": str(n), "method": "GET", "url": f"/users/{user['id']}/calendar"} for n, user in enumerate(users[start:start + 20])]
    session.post(f"{ORIGIN}/v1.0/$batch", json={"requests": steps}, headers=GRAPH, timeout=20)
print(f"asked about {len(users)} accounts")
