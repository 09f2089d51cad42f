//! The embedded simulated Microsoft 365 tenant: the same protocols, served on loopback.
//!
//! It writes its own JSON and XML and shares no type with the client, so that a misspelt field cannot cancel itself out.
//! All services are on one origin and told apart by path, which is matched without case. Every path that nobody serves
//! is answered as the service would and logged. A tenant comes from a file (`samples/tenants/demo.toml` explains the
//! format) or is generated from a number and a seed; it is read-only.
//!
//! # What is served
//!
//! | Service | Path | Served | Not served |
//! |---|---|---|---|
//! | Entra | `/{tenant}/oauth2/v2.0/token` | client secret (form or Basic), certificate assertion (PS256, RS256; thumbprint, signature, audience, times), federated assertion, device code, refresh token; AADSTS errors; `roles` left out when none is granted | authorization code, on-behalf-of, passwords, managed identity |
//! | | `…/devicecode`, `/devicelogin` | the device flow; the person decides at `/devicelogin?user_code=…&answer=approve\|decline&user=…` | |
//! | | `/{tenant}/v2.0/.well-known/openid-configuration`, `/common/discovery/instance`, `/common/userrealm/{user}` | as official libraries ask | keys: tokens are signed with a secret of the simulator, no client is meant to check them |
//! | Graph | `/v1.0/users`, `/users/{id\|UPN}`, `/users('…')`, `/users/$count`, `/me` | `$select`, `$top` to 999, `$filter` (eq, ne, in, and, or, not, startsWith, endsWith, any, `$count`), `$count`, next links | `$search`, `$orderby`, `$expand`, delta, writing |
//! | | `/users/{id}/licenseDetails` | yes | |
//! | | `/users/{id}/mailboxSettings[/userPurpose]`, `/calendar`, `/calendar/calendarPermissions`, `/mailFolders[/name]` | with every refusal by cause: no mailbox, unsupported kind, unknown to Exchange, access policy, user-agent filter, missing role | items, events, folder ids |
//! | | `/subscribedSkus`, `/organization`, `/domains`, `/domains/{id}/serviceConfigurationRecords`, `/directory/deletedItems/microsoft.graph.user` | yes | groups, reports, audit logs |
//! | | `/servicePrincipals` with `appRoleAssignments`, `appRoleAssignedTo`, `oauth2PermissionGrants`; `/oauth2PermissionGrants` | yes | applications |
//! | | `/admin/serviceAnnouncement/messages` | yes | |
//! | | `/$batch` | 20 items, unique ids, `dependsOn`, answers out of order, Outlook items four at a time | |
//! | | `/beta/…` | the same as v1.0 | what only beta has |
//! | Exchange admin | `/adminapi/beta/{tenant}/InvokeCommand` | `Get-OrganizationConfig` (`RetrieveEwsOperationAccessPolicy`), `Get-CASMailbox`, `Get-Mailbox`, `Get-Recipient`, `Get-CASMailboxPlan`, `Get-AcceptedDomain`; `Identity`, `ResultSize`, `Filter` with one comparison, `$select`, pages by POST | other cmdlets, `$batch`, the entity endpoints, the v2.0 preview |
//! | Autodiscover | `/autodiscover/autodiscover.json` | V2, both forms, redirects, JSON errors | |
//! | | `/autodiscover/autodiscover.xml` | POX: settings, redirectAddr, errors 500, 600, 601, 603; nobody is found for an application's own token | redirectUrl, the mobile schema |
//! | | `/autodiscover/autodiscover.svc` | SOAP `GetUserSettings`, several users | `GetDomainSettings`, `GetFederationInformation` |
//! | EWS | `/EWS/Exchange.asmx` | `GetFolder`, `FindFolder` (empty), `ResolveNames` (finds nobody), `ConvertId`, `GetServerTimeZones`; impersonation by address or UPN; the gate of switches, application list, user-agent filters, cloud and date; all three error carriers | items, subscriptions, impersonation by SID |
//! | On-premises | `/onprem/{host}/…` | Autodiscover V2; EWS, `/api`, POX and SOAP ask for Negotiate, NTLM or a bearer token with 401 | signing in there |
//! | Simulator | `/__simulator` | counts of requests, faults, finished questions and unknown paths, where asked for | |
//!
//! Some wire facts rest on one source or on inference: the status of the JSON errors of Autodiscover V2, the diagnostics
//! of a 401, the limits of the admin backend, and what Autodiscover says of a foreign domain.

mod authority;
mod autodiscover;
mod call;
mod counters;
mod ews;
mod exchange_admin;
mod faults;
mod graph;
mod limits;
mod onprem;
mod record;
mod server;
mod tenant;
pub mod tls;
mod token;
mod xml;

pub use faults::{FAULT_NAMES, Faults, Outage, RetryAfter, Storm};
pub use record::Recorder;
pub use server::{Options, Running, Service, router, start};
pub use tenant::{Credentials, RosterLine, Tenant, TenantError};
