{#- Which commands a rule gets; a rule that is not named here gets none. -#}
{%- set commands = {
  "ews/closed": "mailbox_ews_on", "ews/refused": "mailbox_ews_on",
  "graph/user-agent-policy": "mailbox_agents_off", "teams/calendar-agents": "mailbox_agents_off",
  "teams/delegation-agents": "mailbox_agents_off", "teams/presence-agents": "mailbox_agents_off",
  "licence/plan-off": "plan_on",
  "licence/kiosk": "upgrade", "licence/f1-no-mailbox-right": "upgrade", "licence/none": "upgrade",
  "graph/access-policy": "scope", "graph/out-of-scope": "scope",
  "teams/delegate-rights": "delegate",
} -%}
#Requires -Version 5.1
# Remediation for {{ tenant|comment }} ({{ tenant_id|comment }}), run {{ run_id|comment }}, judged as of {{ as_of|comment }}.
{%- if simulated %}
# {{ t.summary.simulated|comment }}
{%- endif %}
#
# Read every block before you run it, take out what you do not want, and fill in what is marked FILL IN.
# Nothing is changed unless you start the script with -Apply: until then every command runs with -WhatIf.
# Blocks without commands name what no script can know.
#
# Modules: ExchangeOnlineManagement 3.x; Microsoft.Graph.Authentication, Microsoft.Graph.Users and Microsoft.Graph.Users.Actions for licences.

[CmdletBinding()]
param(
    # Change the tenant. Without it, only say what would be changed.
    [switch] $Apply,
    # To confine an application to mailboxes: its client id, the object id of its service principal (Enterprise
    # applications), and the distinguished name of the mail-enabled group with the mailboxes.
    [string] $AppId = '',
    [string] $ServicePrincipal = '',
    [string] $Group = ''
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$dryRun = -not $Apply

function Connect-Exchange {
    if (-not (Get-ConnectionInformation -ErrorAction SilentlyContinue)) {
        Connect-ExchangeOnline -ShowBanner:$false
    }
}

function Connect-Licences {
    if (-not (Get-MgContext)) {
        Connect-MgGraph -Scopes 'User.ReadWrite.All', 'LicenseAssignment.ReadWrite.All' -NoWelcome
    }
}

# Runs a block for each address and goes on after a failure, which it names.
function Invoke-ForEachUser {
    param([string[]] $Address, [scriptblock] $Do)
    foreach ($one in $Address) {
        try { & $Do $one }
        catch { Write-Warning ('{0}: {1}' -f $one, $_.Exception.Message) }
    }
}

# Gives a product with full mailbox rights. The account needs a usage location first.
function Add-Product {
    param([string] $Address, [string] $SkuId)
    Set-MgUserLicense -UserId $Address -AddLicenses @(@{ SkuId = $SkuId }) -RemoveLicenses @() -WhatIf:$dryRun
}

# Switches the Exchange plans on in the products a user already has; the other switched-off plans stay off.
function Enable-ExchangePlan {
    param([string] $Address)
    $exchange = @(
        '9aaf7827-d63c-4b61-89c3-182f06f82e5c' # Exchange Online (Plan 1)
        'efb87545-963c-4e0d-99df-69c6916d9eb0' # Exchange Online (Plan 2)
        '4a82b400-a79f-41a4-b4e2-e94f5787b113' # Exchange Online Kiosk
    )
    $user = Get-MgUser -UserId $Address -Property 'id,assignedLicenses'
    foreach ($licence in $user.AssignedLicenses) {
        $off = @($licence.DisabledPlans | Where-Object { $_ -notin $exchange })
        if ($off.Count -lt @($licence.DisabledPlans).Count) {
            $change = @{ SkuId = $licence.SkuId; DisabledPlans = $off }
            Set-MgUserLicense -UserId $user.Id -AddLicenses @($change) -RemoveLicenses @() -WhatIf:$dryRun
        }
    }
}

# Gives a delegate the calendar and the right to send on behalf, the two rights Teams asks for.
function Grant-CalendarDelegate {
    param([string] $Mailbox, [string] $Delegate)
    Add-MailboxFolderPermission -Identity ($Mailbox + ':\Calendar') -User $Delegate -AccessRights Editor `
        -SharingPermissionFlags Delegate -WhatIf:$dryRun
    Set-Mailbox -Identity $Mailbox -GrantSendOnBehalfTo @{ Add = $Delegate } -WhatIf:$dryRun
}

# Puts applications on the organisation's list. The command replaces the whole list, so the present one is read
# first, with the switch without which it seems empty.
function Add-EwsApplication {
    param([string[]] $AppId)
    $present = (Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy).EwsAllowedAppIDs
    $list = @(@($present) -split ',' | ForEach-Object { $_.Trim().ToLowerInvariant() } | Where-Object { $_ })
    $whole = @($list + $AppId | Sort-Object -Unique)
    Write-Host ('The list had {0} applications and will have {1}. It takes up to 24 hours to act.' -f $list.Count, $whole.Count)
    Set-OrganizationConfig -EwsAllowedAppIDs ($whole -join ',') -WhatIf:$dryRun
}

# Confines the application to the group (RBAC for Applications). Changes act within two hours.
function Set-ApplicationScope {
    Connect-Exchange
    $scope = 'EWS readiness ' + $AppId
    if (Get-ManagementScope -Identity $scope -ErrorAction SilentlyContinue) { return }
    if (-not (Get-ServicePrincipal -Identity $AppId -ErrorAction SilentlyContinue)) {
        New-ServicePrincipal -AppId $AppId -ObjectId $ServicePrincipal -DisplayName $scope -WhatIf:$dryRun
    }
    $filter = 'MemberOfGroup -eq ''{0}''' -f ($Group -replace '''', '''''')
    New-ManagementScope -Name $scope -RecipientRestrictionFilter $filter -WhatIf:$dryRun
    foreach ($role in 'Application MailboxSettings.Read', 'Application Calendars.Read') {
        New-ManagementRoleAssignment -App $ServicePrincipal -Role $role -CustomResourceScope $scope -WhatIf:$dryRun
    }
}
{% set missing = apps|selectattr("state", "eq", "not_listed")|list %}
{%- if missing %}
# ======================================================================================================
# Applications that hold an EWS permission and are not on the organisation's list
# ======================================================================================================
# Keep the lines of those that shall go on using EWS until it ends; move the others to Graph.
Connect-Exchange
Add-EwsApplication -AppId @(
{%- for app in missing %}
    # {{ app.name|comment }}
    {{ app.app_id }}
{%- endfor %}
)
{% endif %}
{%- for group in groups %}
# ======================================================================================================
# {{ group.rule|comment }}: users: {{ group.addresses|length }}
# {{ group.text|comment }}
# {{ group.action|comment }}
# ======================================================================================================
{%- set kind = commands[group.rule] if group.rule in commands else "none" %}
{%- if kind == "none" %}
# No command: a person has to decide or to look.
{%- for address in group.addresses[:20] %}
#   {{ address|comment }}
{%- endfor %}
{%- if group.addresses|length > 20 %}
#   … and {{ group.addresses|length - 20 }} more, see the workbook.
{%- endif %}
{%- else %}
$users = @(
{%- for address in group.addresses %}
    {{ address }}
{%- endfor %}
)
{%- if kind == "mailbox_ews_on" %}
# Only where it is the mailbox's own switch that is off; the organisation's switch and list are for all, see above.
Connect-Exchange
Invoke-ForEachUser $users {
    param($one)
    if ((Get-CASMailbox -Identity $one).EwsEnabled -eq $false) { Set-CASMailbox -Identity $one -EwsEnabled $true -WhatIf:$dryRun }
}
{%- elif kind == "mailbox_agents_off" %}
# This lifts the user-agent filter from the mailboxes altogether. To keep it, put the agents of your applications on
# EwsAllowList (or take them off EwsBlockList) instead; the filter binds Graph's mail calls too.
Connect-Exchange
Invoke-ForEachUser $users {
    param($one)
    Get-CASMailbox -Identity $one | Select-Object 'PrimarySmtpAddress', 'EwsApplicationAccessPolicy', 'EwsAllowList', 'EwsBlockList'
    Set-CASMailbox -Identity $one -EwsApplicationAccessPolicy $null -EwsAllowList $null -EwsBlockList $null -WhatIf:$dryRun
}
{%- elif kind == "plan_on" %}
Connect-Licences
Invoke-ForEachUser $users { param($one) Enable-ExchangePlan $one }
{%- elif kind == "upgrade" %}
{%- if group.upgrade %}
$product = {{ group.upgrade[0] }} # {{ group.upgrade[1]|comment }}
{%- else %}
$product = '' # FILL IN the SkuId to assign: Get-MgSubscribedSku | Select-Object SkuPartNumber, SkuId
{%- endif %}
if (-not $product) { Write-Warning 'No product filled in: this block is passed over.' }
else {
    Connect-Licences
    Invoke-ForEachUser $users { param($one) Add-Product $one $product }
}
{%- elif kind == "scope" %}
# Put these mailboxes into the group first; the application access policies that RBAC for Applications replaces keep
# working beside it until they are removed.
if (-not ($AppId -and $ServicePrincipal -and $Group)) { Write-Warning 'Passed over: it needs -AppId, -ServicePrincipal and -Group.' }
else {
    Set-ApplicationScope
    Invoke-ForEachUser $users { param($one) Test-ServicePrincipalAuthorization -Identity $AppId -Resource $one }
}
{%- elif kind == "delegate" %}
# Who the delegates are is the owners' to say: add a line for each pair.
#   Grant-CalendarDelegate -Mailbox 'manager@example.com' -Delegate 'assistant@example.com'
Connect-Exchange
Invoke-ForEachUser $users {
    param($one)
    $columns = @(@{ n = 'Mailbox'; e = { $one } }, 'User', 'AccessRights', 'SharingPermissionFlags')
    Get-MailboxFolderPermission -Identity ($one + ':\Calendar') | Select-Object $columns
}
{%- endif %}
{%- endif %}
{% endfor %}
