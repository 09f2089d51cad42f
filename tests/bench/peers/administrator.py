"""The four questions as a competent administrator would ask them from Python: msal, msgraph-sdk and exchangelib.

    administrator.py ROSTER.csv ANSWERS.csv --origin https://… --tenant … --client-id … (secret in PEER_SECRET)

The directory is read in pages of 999. Then Graph in batches of 20, and Autodiscover and EWS on a pool of threads, all
three side by side. What a service throttles is asked again when it says, as the libraries do it; an item that is
throttled inside a batch is none of their business, so this script repeats it. Nothing is kept between runs, and no
limit is known beforehand: that is what these libraries offer. With --one-by-one every question waits for the one before it, and
no batch is used, as in a loop over Get-… commands.
"""

import argparse
import asyncio
import csv
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import msal
from azure.core.credentials import AccessToken
from exchangelib import IMPERSONATION, OAUTH2, Account, Configuration, FaultTolerance, Identity, OAuth2Credentials
from exchangelib.autodiscover.protocol import AutodiscoverProtocol
from exchangelib.errors import EWSError
from exchangelib.protocol import BaseProtocol
from kiota_abstractions.api_error import APIError
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.kiota_client_factory import KiotaClientFactory
from msgraph import GraphServiceClient
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph_core import GraphClientFactory
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

GRAPH = "https://graph.microsoft.com/.default"
# Service plans that give a mailbox, from Microsoft's list of products and service plans.
MAILBOX_PLANS = {
    "9aaf7827-d63c-4b61-89c3-182f06f82e5c",  # EXCHANGE_S_STANDARD
    "efb87545-963c-4e0d-99df-69c6916d9eb0",  # EXCHANGE_S_ENTERPRISE
    "4a82b400-a79f-41a4-b4e2-e94f5787b113",  # EXCHANGE_S_DESKLESS
    "1126bef5-da20-4f07-b45e-ad25d2581aa8",  # EXCHANGE_S_ESSENTIALS
    "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd",  # EXCHANGE_S_STANDARD_GOV
    "8c3069c0-ccdb-44be-ab77-986203a67df2",  # EXCHANGE_S_ENTERPRISE_GOV
}
# Some simulated mailboxes refuse programs by their user agent, so both programs go by the same name.
AGENT = "ewsready-peer/1.0"
# Microsoft advises at most ten open EWS requests of one application; taken for the other services as well.
AT_ONCE = 10
BATCH = 20
TRIES = 8


class Msal:
    """A credential of the Graph SDK that takes its tokens from msal, which caches them."""

    def __init__(self, args, secret):
        self.app = msal.ConfidentialClientApplication(
            args.client_id, client_credential=secret, authority=f"{args.origin}/{args.tenant}", instance_discovery=False
        )

    def get_token(self, *scopes, **_):
        result = self.app.acquire_token_for_client(list(scopes))
        if "access_token" not in result:
            sys.exit(f"sign-in failed: {result.get('error_description')}")
        return AccessToken(result["access_token"], int(time.time()) + result["expires_in"])


def ews_credentials(args, secret):
    class AtOrigin(OAuth2Credentials):
        """Signs in at the origin given instead of login.microsoftonline.com."""

        @property
        def token_url(self):
            return f"{args.origin}/{args.tenant}/oauth2/v2.0/token"

    return AtOrigin(args.client_id, secret, tenant_id=args.tenant, identity=Identity(smtp_address="any@tenant.example"))


def graph_client(args, secret):
    provider = AzureIdentityAuthenticationProvider(Msal(args, secret), scopes=[GRAPH], allowed_hosts=[])
    http = KiotaClientFactory.get_default_client()
    http.headers["User-Agent"] = AGENT
    adapter = GraphRequestAdapter(provider, GraphClientFactory.create_with_default_middleware(client=http))
    adapter.base_url = f"{args.origin}/v1.0"
    return GraphServiceClient(request_adapter=adapter), adapter


async def directory(client):
    """Every account by each of its addresses."""
    fields = ["id", "userPrincipalName", "mail", "proxyAddresses", "assignedPlans"]
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(select=fields, top=999)
    options = UsersRequestBuilder.UsersRequestBuilderGetRequestConfiguration(query_parameters=query)
    page, known = await client.users.get(request_configuration=options), {}
    while page:
        for user in page.value or []:
            aliases = [proxy[5:] for proxy in user.proxy_addresses or [] if proxy[:5].lower() == "smtp:"]
            for address in filter(None, [user.user_principal_name, user.mail, *aliases]):
                known[address.lower()] = user
        page = await client.users.with_url(page.odata_next_link).get() if page.odata_next_link else None
    return known


def licensed(user):
    plans = user.assigned_plans or []
    return any(p.capability_status in ("Enabled", "Warning") and str(p.service_plan_id) in MAILBOX_PLANS for p in plans)


async def graph_opens_one_by_one(client, users):
    """The same as `graph_opens`, without batches."""
    opened = {}
    for user in users:
        try:
            await client.users.by_user_id(user.id).mailbox_settings.get()
            opened[user.id] = "yes"
        except APIError as error:
            opened[user.id] = str(error.response_status_code)
    return opened


async def graph_opens(client, adapter, users):
    """Whether Graph opens the mailbox of each account: `yes`, or the status it answers with."""
    opened, slots = {}, asyncio.Semaphore(AT_ONCE)

    async def ask(batch):
        async with slots:
            for _ in range(TRIES):
                content, asked = BatchRequestContent(), {}
                for user in batch:
                    info = client.users.by_user_id(user.id).mailbox_settings.to_get_request_information()
                    info.path_parameters["baseurl"] = adapter.base_url
                    item = BatchRequestItem(request_information=info)
                    item.url = item.url.removeprefix(adapter.base_url)
                    content.add_request(item.id, item)
                    asked[item.id] = user
                answers = await client.batch.post(content)
                again, wait = [], 0
                for key, user in asked.items():
                    answer = answers.get_response_by_id(key)
                    if answer is None or answer.status in (429, 503, 504):
                        again.append(user)
                        headers = {name.lower(): value for name, value in ((answer and answer.headers) or {}).items()}
                        wait = max(wait, float(headers.get("retry-after", 1)))
                    else:
                        # The status has to do: msgraph-core 1.5 loses the bodies of a batch's items.
                        opened[user.id] = "yes" if answer.status == 200 else str(answer.status)
                if not again:
                    return
                batch = again
                await asyncio.sleep(wait)
            opened.update((user.id, "throttled") for user in batch)

    await asyncio.gather(*(ask(users[start : start + BATCH]) for start in range(0, len(users), BATCH)))
    return opened


def routes(args, credentials, addresses, pool):
    """Where Autodiscover sends each address. Through the protocol, because `discover` holds one lock for all threads."""
    config = Configuration(
        service_endpoint=f"{args.origin}/autodiscover/autodiscover.svc",
        credentials=credentials,
        auth_type=OAUTH2,
        retry_policy=FaultTolerance(max_wait=600),
        max_connections=AT_ONCE,
    )
    protocol = AutodiscoverProtocol(config=config)

    def ask(address):
        try:
            settings = protocol.get_user_settings(user=address, settings=["external_ews_url"])
            settings.raise_errors()
        except EWSError as error:
            return type(error).__name__
        if settings.redirect_address:
            return "elsewhere"
        return "exchange_online" if settings.ews_url else "no address"

    return dict(zip(addresses, pool.map(ask, addresses)))


def ews_opens(args, credentials, addresses, pool):
    """Whether EWS opens each mailbox, impersonating its owner: `yes`, or the name of the error."""
    config = Configuration(
        service_endpoint=f"{args.origin}/EWS/Exchange.asmx",
        credentials=credentials,
        auth_type=OAUTH2,
        retry_policy=FaultTolerance(max_wait=600),
        max_connections=AT_ONCE,
    )

    def ask(address):
        try:
            Account(primary_smtp_address=address, config=config, autodiscover=False, access_type=IMPERSONATION).root
        except EWSError as error:
            return type(error).__name__
        return "yes"

    return dict(zip(addresses, pool.map(ask, addresses)))


async def assess(args, secret):
    BaseProtocol.USERAGENT = AGENT
    with open(args.roster, newline="", encoding="utf-8") as file:
        roster = [row["Email"].strip() for row in csv.DictReader(file)]
    client, adapter = graph_client(args, secret)
    known = await directory(client)
    found = {address: known[address.lower()] for address in roster if address.lower() in known}
    users = list({user.id: user for user in found.values()}.values())
    mailboxes = {address: user.mail or user.user_principal_name for address, user in found.items()}
    lanes = 1 if args.one_by_one else AT_ONCE
    with ThreadPoolExecutor(lanes) as for_routes, ThreadPoolExecutor(lanes) as for_ews:
        probes = [
            graph_opens_one_by_one(client, users) if args.one_by_one else graph_opens(client, adapter, users),
            asyncio.to_thread(routes, args, ews_credentials(args, secret), list(found), for_routes),
            asyncio.to_thread(ews_opens, args, ews_credentials(args, secret), sorted(set(mailboxes.values())), for_ews),
        ]
        answers = [await probe for probe in probes] if args.one_by_one else await asyncio.gather(*probes)
        graph, routing, ews = answers
    with open(args.answers, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["address", "licence", "ews", "routing", "graph"])
        for address in roster:
            user = found.get(address)
            row = ["not found"] * 4
            if user:
                licence = "yes" if licensed(user) else "no"
                row = [licence, ews[mailboxes[address]], routing[address], graph[user.id]]
            writer.writerow([address, *row])


def main():
    parser = argparse.ArgumentParser(description="The four questions, asked with public libraries.")
    parser.add_argument("roster")
    parser.add_argument("answers")
    for name in ("--origin", "--tenant", "--client-id"):
        parser.add_argument(name, required=True)
    parser.add_argument("--one-by-one", action="store_true")
    asyncio.run(assess(parser.parse_args(), os.environ["PEER_SECRET"]))


if __name__ == "__main__":
    main()
