"""msal, azure-identity and msgraph-sdk against the simulator: sign-in in four ways, then Graph."""

import asyncio
import base64
import json
import os
import time

import httpx
import jwt
import msal
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphServiceClient
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

ORIGIN, CA, HERE = os.environ["SIM_ORIGIN"], os.environ["SIM_CA"], os.environ["SIM_HERE"]
TENANT = "6a1d0c3e-8f27-4b95-a0c4-1e2d3f4a5b6c"
AUTHORITY = f"{ORIGIN}/{TENANT}"
APP = "10000000-0000-4000-8000-00000000000%d"
GRAPH = "https://graph.microsoft.com/.default"


def read(name):
    with open(os.path.join(HERE, name), encoding="ascii") as file:
        return file.read()


def confidential(number, credential):
    return msal.ConfidentialClientApplication(
        APP % number, client_credential=credential, authority=AUTHORITY, instance_discovery=False, verify=CA
    )


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def sign_in():
    result = confidential(1, "open-sesame+/=&%").acquire_token_for_client([GRAPH])
    assert "User.Read.All" in claims(result["access_token"])["roles"], result

    certificate = {"private_key": read("assertion.key.pem"), "public_certificate": read("assertion.crt.pem")}
    result = confidential(2, certificate).acquire_token_for_client([GRAPH])
    assert "access_token" in result, result
    assert claims(result["access_token"])["roles"] == ["User.Read.All"], result

    now = int(time.time())
    issued = {
        "iss": "https://cluster.fabrikam.example", "sub": "system:serviceaccount:ewsready:assess",
        "aud": "api://AzureADTokenExchange", "iat": now, "nbf": now, "exp": now + 600,
    }
    assertion = jwt.encode(issued, read("assertion.key.pem"), algorithm="RS256")
    result = confidential(3, {"client_assertion": assertion}).acquire_token_for_client([GRAPH])
    assert "access_token" in result, result
    assert claims(result["access_token"])["roles"] == ["User.Read.All"], result

    for number, secret, code in [(1, "wrong", 7000215), (5, "old", 7000222), (6, "x", 7000112), (7, "x", 53003), (9, "x", 700016)]:
        refused = confidential(number, secret).acquire_token_for_client([GRAPH])
        assert refused["error_codes"] == [code], (number, refused)
    bare = confidential(8, "x").acquire_token_for_client([GRAPH])
    assert "roles" not in claims(bare["access_token"]), bare


def device_flow():
    app = msal.PublicClientApplication(APP % 4, authority=AUTHORITY, instance_discovery=False, verify=CA)
    flow = app.initiate_device_flow(scopes=["User.Read.All"])
    assert flow["user_code"] in flow["message"], flow
    answer = {"user_code": flow["user_code"], "user": "alma.reuter@contoso.example", "answer": "approve"}
    requests.get(flow["verification_uri"], params=answer, verify=CA, timeout=10)
    result = app.acquire_token_by_device_flow(flow)
    assert "access_token" in result, result
    assert claims(result["access_token"])["upn"] == "alma.reuter@contoso.example", result
    assert result["id_token_claims"]["preferred_username"] == "alma.reuter@contoso.example", result
    again = app.acquire_token_silent(["User.Read.All"], account=app.get_accounts()[0], force_refresh=True)
    assert again and again["access_token"], again
    declined = app.initiate_device_flow(scopes=["User.Read.All"])
    requests.get(declined["verification_uri"], params={"user_code": declined["user_code"], "answer": "decline"}, verify=CA, timeout=10)
    assert app.acquire_token_by_device_flow(declined)["error"] == "authorization_declined"


def graph_client(secret="open-sesame+/=&%"):
    credential = ClientSecretCredential(
        TENANT, APP % 1, secret, authority=ORIGIN, disable_instance_discovery=True, connection_verify=CA
    )
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[GRAPH], allowed_hosts=[])
    adapter = GraphRequestAdapter(provider, client=httpx.AsyncClient(verify=CA, timeout=20))
    adapter.base_url = f"{ORIGIN}/v1.0"
    return GraphServiceClient(request_adapter=adapter), adapter


async def graph():
    client, adapter = graph_client()
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "userPrincipalName", "accountEnabled", "assignedPlans", "licenseAssignmentStates", "proxyAddresses"], top=2
    )
    options = UsersRequestBuilder.UsersRequestBuilderGetRequestConfiguration(query_parameters=query)
    page, users = await client.users.get(request_configuration=options), []
    while True:
        users += page.value
        if not page.odata_next_link:
            break
        page = await client.users.with_url(page.odata_next_link).get()
    assert len({user.id for user in users}) == 5, [user.user_principal_name for user in users]
    assert users[0].assigned_plans[0].capability_status == "Enabled"

    alma = await client.users.by_user_id("alma.reuter@contoso.example").get()
    settings = await client.users.by_user_id(alma.id).mailbox_settings.get()
    assert settings.user_purpose.value == "user" and settings.working_hours.days_of_week[0].value == "monday"
    details = await client.users.by_user_id(alma.id).license_details.get()
    assert details.value[0].sku_part_number == "ENTERPRISEPACK" and details.value[0].service_plans
    permissions = await client.users.by_user_id(alma.id).calendar.calendar_permissions.get()
    assert permissions.value[1].role.value == "write", permissions
    inbox = await client.users.by_user_id(alma.id).mail_folders.by_mail_folder_id("inbox").get()
    assert inbox.display_name == "Inbox"
    skus = await client.subscribed_skus.get()
    assert skus.value[0].prepaid_units.enabled == 400
    organization = await client.organization.get()
    assert organization.value[0].verified_domains[0].is_default
    assert len((await client.domains.get()).value) == 2
    assert (await client.service_principals.get()).value
    assert (await client.admin.service_announcement.messages.get()).value == []
    assert (await client.directory.deleted_items.graph_user.get()).value == []

    for word in ["$darius@contoso.example", "eva.gast_fabrikam.example#EXT#@contoso.onmicrosoft.com"]:
        found = await client.users.by_user_id(word).get()
        assert found.user_principal_name == word, found

    batch = BatchRequestContent()
    for key in [alma.id, "clara.drees@contoso.example"]:
        info = client.users.by_user_id(key).mail_folders.by_mail_folder_id("inbox").to_get_request_information()
        info.path_parameters["baseurl"] = adapter.base_url
        item = BatchRequestItem(request_information=info)
        # This SDK leaves the address absolute; the service documents it as relative to the version.
        item.url = item.url.removeprefix(adapter.base_url)
        batch.add_request(item.id, item)
    answers = await client.batch.post(batch)
    statuses = sorted(answer.status for answer in answers.responses.values())
    assert statuses == [200, 404], statuses


async def refused():
    client, _ = graph_client("wrong")
    try:
        await client.users.get()
    except ClientAuthenticationError as error:
        assert "AADSTS7000215" in str(error), error
    else:
        raise AssertionError("a wrong secret signed in")


sign_in()
device_flow()
asyncio.run(graph())
asyncio.run(refused())
print("msal, azure-identity and msgraph-sdk: passed")
