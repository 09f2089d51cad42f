"""exchangelib against the simulator: autodiscover (SOAP or POX, as its version has it), then EWS with impersonation."""

import os
import sys

import requests
from exchangelib import IMPERSONATION, OAUTH2, Account, Configuration, Identity, OAuth2Credentials
from exchangelib.errors import ErrorImpersonateUserDenied, ErrorNonExistentMailbox, UnauthorizedError
from exchangelib.protocol import BaseProtocol

ORIGIN, CA = os.environ["SIM_ORIGIN"], os.environ["SIM_CA"]
TENANT = "6a1d0c3e-8f27-4b95-a0c4-1e2d3f4a5b6c"
APP = "10000000-0000-4000-8000-00000000000%d"
TOKEN_URL = f"{ORIGIN}/{TENANT}/oauth2/v2.0/token"
ALMA = "alma.reuter@contoso.example"


class Trusting(requests.adapters.HTTPAdapter):
    """Trusts the simulator's throw-away certificate."""

    def cert_verify(self, conn, url, verify, cert):
        super().cert_verify(conn=conn, url=url, verify=CA, cert=cert)


BaseProtocol.HTTP_ADAPTER_CLS = Trusting


class Application(OAuth2Credentials):
    """Signs in at the simulator instead of Entra."""

    @property
    def token_url(self):
        return TOKEN_URL


def credentials(address):
    return Application(APP % 1, "open-sesame+/=&%", tenant_id=TENANT, identity=Identity(smtp_address=address))


def discovery(base):
    """A discovery whose first step asks the simulator: there is no DNS for an invented domain."""

    class Loopback(base):
        def _ensure_valid_hostname(self, url):
            pass

        def _step_1(self, hostname):
            valid, found = self._attempt_response(f"{ORIGIN}/{self.URL_PATH}")
            assert valid, "the simulator's autodiscover was not accepted"
            return self._step_5(ad=found)

    return Loopback


def soap():
    from exchangelib.autodiscover import Autodiscovery
    from exchangelib.errors import AutoDiscoverFailed

    found, protocol = discovery(Autodiscovery)(ALMA, credentials(ALMA)).discover()
    assert found.autodiscover_smtp_address == ALMA, found
    assert protocol.service_endpoint == f"{ORIGIN}/EWS/Exchange.asmx", protocol
    try:
        discovery(Autodiscovery)("nobody@contoso.example", credentials(ALMA)).discover()
    except (AutoDiscoverFailed, ErrorNonExistentMailbox):
        pass
    else:
        raise AssertionError("a mailbox that does not exist was discovered")


def pox():
    """Exchange Online finds nobody for an application's token over POX, so a person signs in with a device code."""
    from exchangelib import OAuth2AuthorizationCodeCredentials
    from exchangelib.autodiscover.discovery.pox import PoxAutodiscovery

    from exchangelib.errors import AutoDiscoverFailed

    try:
        discovery(PoxAutodiscovery)(ALMA, credentials(ALMA)).discover()
    except (AutoDiscoverFailed, ErrorNonExistentMailbox):
        pass
    else:
        raise AssertionError("POX answered an application's own token")
    base = {"client_id": APP % 4, "scope": "https://outlook.office365.com/.default"}
    flow = requests.post(f"{ORIGIN}/{TENANT}/oauth2/v2.0/devicecode", data=base, verify=CA, timeout=10).json()
    answer = {"user_code": flow["user_code"], "user": ALMA, "answer": "approve"}
    requests.get(flow["verification_uri"], params=answer, verify=CA, timeout=10)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": flow["device_code"], "client_id": APP % 4}
    token = requests.post(TOKEN_URL, data=form, verify=CA, timeout=10).json()

    class Person(OAuth2AuthorizationCodeCredentials):
        @property
        def token_url(self):
            return TOKEN_URL

    person = Person(client_id=APP % 4, access_token=token)
    found, protocol = discovery(PoxAutodiscovery)(ALMA, person).discover()
    assert found.autodiscover_smtp_address == ALMA, found
    assert protocol.service_endpoint == f"{ORIGIN}/EWS/Exchange.asmx", protocol


def account(address):
    config = Configuration(service_endpoint=f"{ORIGIN}/EWS/Exchange.asmx", credentials=credentials(address), auth_type=OAUTH2)
    return Account(primary_smtp_address=address, config=config, autodiscover=False, access_type=IMPERSONATION)


def ews():
    opened = account(ALMA)
    assert opened.version.build.major_version == 15, opened.version
    assert opened.inbox.name == "Inbox" and opened.inbox.total_count == 0
    assert opened.calendar.name == "Calendar"
    for address, expected in [
        ("bastian.holt@contoso.example", ErrorImpersonateUserDenied),
        ("clara.drees@contoso.example", ErrorNonExistentMailbox),
        ("nobody@contoso.example", ErrorNonExistentMailbox),
    ]:
        try:
            account(address).inbox.refresh()
        except expected:
            continue
        raise AssertionError(f"{address} was opened")
    refused = Application(APP % 8, "x", tenant_id=TENANT, identity=Identity(smtp_address=ALMA))
    config = Configuration(service_endpoint=f"{ORIGIN}/EWS/Exchange.asmx", credentials=refused, auth_type=OAUTH2)
    try:
        Account(primary_smtp_address=ALMA, config=config, autodiscover=False, access_type=IMPERSONATION).inbox.refresh()
    except UnauthorizedError:
        pass
    else:
        raise AssertionError("an application without a role opened a mailbox")


if sys.argv[1] == "pox":
    pox()
else:
    soap()
    ews()
print(f"exchangelib ({sys.argv[1]}): passed")
