//! Addresses that several rule families rest on.

pub const CONTROL: &str = "https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/how-to-control-access-to-ews-in-exchange";
pub const DEPRECATION: &str = "https://learn.microsoft.com/en-us/exchange/clients-and-mobile-in-exchange-online/deprecation-of-ews-exchange-online";
pub const IS_HERE: &str = "https://techcommunity.microsoft.com/blog/exchange/ews-deprecation-is-here-%E2%80%93-what-this-means-to-you/4561431";
pub const MC_PLAN: &str = "https://mc.merill.net/message/MC1485116";
pub const APP_IDS: &str = "https://techcommunity.microsoft.com/blog/exchange/introducing-ewsallowedappids-preparing-for-the-final-phase-of-ews-retirement/4529471";
pub const BOTH_SWITCHES: &str = "https://techcommunity.microsoft.com/blog/exchange/the-way-to-control-ews-usage-in-exchange-online-is-changing/4383083";
pub const KIOSK_CANCELLED: &str = "https://techcommunity.microsoft.com/blog/exchange/update-to-ews-access-for-kiosk--frontline-worker-licensed-users/4474299";
pub const SALESFORCE_LICENCES: &str = "https://help.salesforce.com/s/articleView?id=000386632&type=1";
pub const SALESFORCE_ADDRESS: &str = "https://help.salesforce.com/s/articleView?id=sales.hvs_considerations_eac.htm";
pub const SALESFORCE_EVENTS: &str = "https://help.salesforce.com/s/articleView?id=000380445&type=1";
pub const SALESFORCE_GRAPH: &str = "https://help.salesforce.com/s/articleView?id=sales.eac_graph_migration.htm";
pub const SALESFORCE_LIGHTNING: &str = "https://help.salesforce.com/s/articleView?id=005321528&type=1";
pub const SALESFORCE_ON_PREMISES: &str =
    "https://help.salesforce.com/s/articleView?id=sales.aac_setup_service_account_on_prem.htm";
pub const DYNAMICS_FAULTS: &str = "https://learn.microsoft.com/troubleshoot/power-platform/dataverse/email-exchange-synchronization/exception-when-using-server-side-sync";
pub const DYNAMICS_SUPPORTED: &str = "https://learn.microsoft.com/power-platform/admin/supported-email-service-configurations-server-side-synchronization";
pub const TEAMS: &str =
    "https://learn.microsoft.com/microsoftteams/troubleshoot/exchange-integration/teams-exchange-interaction-issue";
pub const GRAPH_USER: &str = "https://learn.microsoft.com/graph/api/user-get";
pub const GRAPH_DELETED: &str = "https://learn.microsoft.com/graph/api/directory-deleteditems-list";
pub const GRAPH_SETTINGS: &str = "https://learn.microsoft.com/graph/api/user-get-mailboxsettings";
pub const GRAPH_ERRORS: &str = "https://learn.microsoft.com/graph/errors";
pub const GRAPH_MAILBOXES: &str =
    "https://github.com/microsoftgraph/microsoft-graph-docs-contrib/blob/main/includes/outlook-mailbox-type-support.md";
pub const GRAPH_HYBRID: &str =
    "https://github.com/microsoftgraph/microsoft-graph-docs/blob/main/concepts/hybrid-rest-support.md";
pub const RBAC: &str = "https://learn.microsoft.com/en-us/exchange/permissions-exo/application-rbac";
pub const PLANS: &str = "https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference";
pub const CONCURRENT: &str = "https://techcommunity.microsoft.com/t5/exchange-team-blog/introducing-support-for-concurrent-exchange-online-license/ba-p/3721098";
pub const FRONTLINE: &str = "https://learn.microsoft.com/microsoft-365/frontline/switch-from-enterprise-to-frontline";
pub const GROUP_LICENCES: &str = "https://learn.microsoft.com/entra/identity/users/licensing-groups-resolve-problems";
pub const PLAN_STATES: &str = "https://github.com/microsoftgraph/microsoft-graph-docs-contrib/blob/main/api-reference/v1.0/resources/assignedplan.md";
pub const GET_MAILBOX: &str = "https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailbox";
pub const AUTODISCOVER_V2: &str = "https://github.com/microsoft/CSS-Exchange/blob/main/Shared/AutoDiscoverFunctions/Get-ProtocolEndpointViaAutoDv2.ps1";
pub const AUTODISCOVER_SOAP: &str =
    "https://learn.microsoft.com/exchange/client-developer/web-service-reference/getusersettings-operation-soap";
pub const AUTODISCOVER_POX: &str = "https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxdscli";
pub const SALESFORCE_METHODS: &str =
    "https://help.salesforce.com/s/articleView?id=sales.activity_capture_graph_api.htm";
pub const SALESFORCE_SERVICE_ACCOUNT: &str = "https://help.salesforce.com/s/articleView?id=002420794&type=1";
pub const SALESFORCE_CONNECTIONS: &str = "https://developer.salesforce.com/docs/atlas.en-us.264.0.object_reference.meta/object_reference/sforce_api_objects_activityusrconnectionstatus.htm";
pub const DYNAMICS_CROSS_TENANT: &str = "https://github.com/microsoft/PowerApps-Samples/pull/814";
pub const HYBRID: &str = "https://techcommunity.microsoft.com/blog/exchange/impact-of-exchange-online-ews-deprecation-on-hybrid-rich-coexistence-and-cross-o/4561161";
pub const HYBRID_GRAPH: &str = "https://techcommunity.microsoft.com/blog/exchange/update-your-exchange-se-hybrid-on-premises-rich-coexistence-to-graph/4517520";
pub const TAKE_CONTROL: &str = "https://techcommunity.microsoft.com/blog/exchange/take-control-of-your-ewsallowedappids-list-before-ews-access-changes/4553534";
pub const USAGE: &str = "https://learn.microsoft.com/en-us/microsoft-365/admin/activity-reports/ews-usage";
