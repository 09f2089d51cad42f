#Requires -Version 5.1
# Remediation for Contoso (4f1c9a52-7d0e-4b6b-9c57-2f6f5a1de8c3), run f13abf12-5cfb-56f6-9272-d450ef2279c9, judged as of 2026-11-20.
# SIMULATED: the figures come from the embedded demo tenant, not from a real one.
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

# ======================================================================================================
# Applications that hold an EWS permission and are not on the organisation's list
# ======================================================================================================
# Keep the lines of those that shall go on using EWS until it ends; move the others to Graph.
Connect-Exchange
Add-EwsApplication -AppId @(
    # Fabrikam Room Panels
    '5e9d2c1b-8a7f-4e6d-bc3a-1f2e3d4c5b6a'
    # Fabrikam Expense Inbox
    'c4d3e2f1-0a9b-4c8d-9e7f-6a5b4c3d2e1f'
)

# ======================================================================================================
# graph/user-agent-policy: users: 1
# A user-agent filter (EwsApplicationAccessPolicy) keeps Graph clients out of this mailbox (Access to OData is disabled.).
# Ask the Exchange administrators to let the integration's user agents through the filter of organisation and mailbox (Get-OrganizationConfig and Get-CASMailbox hedda.falk@contoso.example: EwsApplicationAccessPolicy, EwsAllowList, EwsBlockList), or to remove it.
# ======================================================================================================
$users = @(
    'hedda.falk@contoso.example'
)
# This lifts the user-agent filter from the mailboxes altogether. To keep it, put the agents of your applications on
# EwsAllowList (or take them off EwsBlockList) instead; the filter binds Graph's mail calls too.
Connect-Exchange
Invoke-ForEachUser $users {
    param($one)
    Get-CASMailbox -Identity $one | Select-Object 'PrimarySmtpAddress', 'EwsApplicationAccessPolicy', 'EwsAllowList', 'EwsBlockList'
    Set-CASMailbox -Identity $one -EwsApplicationAccessPolicy $null -EwsAllowList $null -EwsBlockList $null -WhatIf:$dryRun
}

# ======================================================================================================
# licence/kiosk: users: 3
# The only mailbox plan is the kiosk plan of Office 365 F3. DESKLESSPACK: Sold as Office 365 K1 until 2017 and as Office 365 F1 until 2020; the part number never changed. It carries no EWS right, which Salesforce asks for; Microsoft does not enforce that (cancelled on 22 September 2026).
# Either assign Exchange Online (Plan 1), of which the tenant has 2 free, or move the user to Einstein Activity Capture.
# ======================================================================================================
$users = @(
    'mats.ziegler@contoso.example'
    'nadia.busch@contoso.example'
    'ole.richter@contoso.example'
)
$product = '4b9405b0-7788-4568-add1-99614e613b69' # Exchange Online (Plan 1)
if (-not $product) { Write-Warning 'No product filled in: this block is passed over.' }
else {
    Connect-Licences
    Invoke-ForEachUser $users { param($one) Add-Product $one $product }
}

# ======================================================================================================
# licence/none: users: 2
# No licence of the account carries an Exchange mailbox plan (Microsoft 365 F1). M365_F1: The Microsoft 365 F1 that carries Exchange Foundation only: no mailbox at all. It shares its display name with another product; the SKU id tells them apart.
# Assign Exchange Online (Plan 1), of which the tenant has 2 free. The account is synchronized from on-premises: make sure with the on-premises administrators first (Get-Recipient) that its mailbox is not there.
# ======================================================================================================
$users = @(
    'ralf.thoma@contoso.example'
    'till.neumann@contoso.example'
)
$product = '4b9405b0-7788-4568-add1-99614e613b69' # Exchange Online (Plan 1)
if (-not $product) { Write-Warning 'No product filled in: this block is passed over.' }
else {
    Connect-Licences
    Invoke-ForEachUser $users { param($one) Add-Product $one $product }
}

# ======================================================================================================
# location/on-premises: users: 2
# The mailbox is on-premises: Autodiscover sends clients to https://mail.contoso-onprem.example/EWS/Exchange.asmx, Graph finds no mailbox in the cloud, Exchange Online lists no mailbox, EWS finds no mailbox in the cloud, the account is synchronized from on-premises. Graph opens mailboxes in Exchange Online only.
# Have the Exchange administrators migrate the mailbox to Exchange Online (New-MoveRequest -Identity jutta.kramer@contoso.example -Remote), then assess again. Do not buy a licence for it before.
# ======================================================================================================
# No command: a person has to decide or to look.
#   jutta.kramer@contoso.example
#   karim.lindner@contoso.example

# ======================================================================================================
# open/graph: users: 2
# It stayed open whether Graph opens the mailbox: the service kept pushing back until the patience for one question was used up (too many requests (429); tried 4 times).
# Run the same assessment again: the next run asks just that again.
# ======================================================================================================
# No command: a person has to decide or to look.
#   xaver.olsen@contoso.example
#   yara.imhof@contoso.example

# ======================================================================================================
# graph/access-policy: users: 1
# An application access policy of Exchange Online keeps the application out of this mailbox (Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.).
# Ask the Exchange administrators to put the mailbox into the group of the policy (Get-ApplicationAccessPolicy, Test-ApplicationAccessPolicy -Identity fenja.berger@contoso.example -AppId 7be0a3d1-52c4-4e0f-8f6d-9a1b6c2e4d10); do the same for the application of the integration.
# ======================================================================================================
$users = @(
    'fenja.berger@contoso.example'
)
# Put these mailboxes into the group first; the application access policies that RBAC for Applications replaces keep
# working beside it until they are removed.
if (-not ($AppId -and $ServicePrincipal -and $Group)) { Write-Warning 'Passed over: it needs -AppId, -ServicePrincipal and -Group.' }
else {
    Set-ApplicationScope
    Invoke-ForEachUser $users { param($one) Test-ServicePrincipalAuthorization -Identity $AppId -Resource $one }
}

# ======================================================================================================
# graph/out-of-scope: users: 1
# Graph denies this mailbox and opened others in this run: it is outside the scope that the application was given (Access is denied. Check credentials and try again.).
# Ask the Exchange administrators to include the mailbox in the management scope of the application (Test-ServicePrincipalAuthorization -Identity 7be0a3d1-52c4-4e0f-8f6d-9a1b6c2e4d10 -Resource goran.adler@contoso.example); changes act within two hours.
# ======================================================================================================
$users = @(
    'goran.adler@contoso.example'
)
# Put these mailboxes into the group first; the application access policies that RBAC for Applications replaces keep
# working beside it until they are removed.
if (-not ($AppId -and $ServicePrincipal -and $Group)) { Write-Warning 'Passed over: it needs -AppId, -ServicePrincipal and -Group.' }
else {
    Set-ApplicationScope
    Invoke-ForEachUser $users { param($one) Test-ServicePrincipalAuthorization -Identity $AppId -Resource $one }
}

# ======================================================================================================
# identity/account-disabled: users: 1
# The account lotte.winkler@contoso.example is disabled, and its mailbox is no shared, room or equipment mailbox.
# Enable the account (Update-MgUser -UserId e3d4461f-dec8-5d6c-bd04-0b5d8bad0f60 -AccountEnabled:$true) if the person is still there; otherwise take the line off the roster.
# ======================================================================================================
# No command: a person has to decide or to look.
#   lotte.winkler@contoso.example

# ======================================================================================================
# identity/alias-only: users: 1
# The address is only an alias of mina.adler@contoso.example; Salesforce connects by the primary address.
# Change the address on the roster and in Salesforce to mina.adler@contoso.example, or make m.adler@contoso.example the primary address (Set-Mailbox mina.adler@contoso.example -WindowsEmailAddress m.adler@contoso.example).
# ======================================================================================================
# No command: a person has to decide or to look.
#   m.adler@contoso.example

# ======================================================================================================
# identity/ambiguous: users: 1
# 2 accounts bear this address: britta.sommer@contoso.example, test.crm2@contoso.example.
# Decide which of them is meant; put its object id into the roster, or remove the address from the others.
# ======================================================================================================
# No command: a person has to decide or to look.
#   britta.sommer@contoso.example

# ======================================================================================================
# identity/deleted: users: 1
# The account yves.albrecht@contoso.example was deleted on 2026-11-10; nobody else bears the address.
# Restore the deleted user (Restore-MgDirectoryDeletedItem -DirectoryObjectId a26529cb-f4a1-53a7-acea-8f3d6c8e209c) within 30 days of the deletion, or take the address off the roster.
# ======================================================================================================
# No command: a person has to decide or to look.
#   yves.albrecht@contoso.example

# ======================================================================================================
# identity/foreign-domain: users: 1
# No account bears this address, and its domain northwind.example is not among the tenant's verified domains (3).
# Take the address off the roster, or assess it in the tenant that owns northwind.example.
# ======================================================================================================
# No command: a person has to decide or to look.
#   signe.dahl@northwind.example

# ======================================================================================================
# identity/guest: users: 1
# anders.nyberg_fabrikam.example＃EXT＃@contoso.onmicrosoft.com is a guest in this tenant: the person's mailbox is in another organisation.
# Take the guest off the roster, or assess the mailbox in its home tenant.
# ======================================================================================================
# No command: a person has to decide or to look.
#   anders.nyberg@fabrikam.example

# ======================================================================================================
# identity/not-in-directory: users: 2
# No account bears this address as user principal name, primary or secondary address, and none was deleted with it in the last 30 days.
# Ask Dagmar Hein whether the address is spelt right or the person has left; correct the roster or take the line off.
# ======================================================================================================
# No command: a person has to decide or to look.
#   theo.brenner@contoso.example
#   signe.dahl@northwind.example

# ======================================================================================================
# licence/error: users: 1
# The assignment of Office 365 E3 by the group b1e2d3c4-5a6f-4e7d-8c9b-0a1f2e3d4c5b is in error: CountViolation.
# No unit is free: buy one or free one, then reprocess the assignment. If a group assigns several products, check the others too: none of them is assigned while one fails.
# ======================================================================================================
# No command: a person has to decide or to look.
#   wiebke.storm@contoso.example

# ======================================================================================================
# licence/f1-no-mailbox-right: users: 1
# The only mailbox plan is that of Microsoft 365 F1: a mailbox is made for the Teams calendar, but its user has no right to use it, over any protocol.
# Assign Exchange Online (Plan 1), of which the tenant has 2 free.
# ======================================================================================================
$users = @(
    'pia.schuster@contoso.example'
)
$product = '4b9405b0-7788-4568-add1-99614e613b69' # Exchange Online (Plan 1)
if (-not $product) { Write-Warning 'No product filled in: this block is passed over.' }
else {
    Connect-Licences
    Invoke-ForEachUser $users { param($one) Add-Product $one $product }
}

# ======================================================================================================
# licence/plan-off: users: 1
# The account has Office 365 E3, but its Exchange mailbox plan is switched off.
# Switch the Exchange plan on within Office 365 E3 (admin center: Licences and apps); no purchase is needed. The account is synchronized from on-premises: make sure with the on-premises administrators first (Get-Recipient) that its mailbox is not there.
# ======================================================================================================
$users = @(
    'ute.paulsen@contoso.example'
)
Connect-Licences
Invoke-ForEachUser $users { param($one) Enable-ExchangePlan $one }

# ======================================================================================================
# licence/suspended: users: 1
# The mailbox plan of Office 365 E1 is suspended or locked out: the subscription has expired or was cancelled, its data is still kept.
# Have the billing administrator renew Office 365 E1 at once; else assign Exchange Online (Plan 1), of which the tenant has 2 free.
# ======================================================================================================
# No command: a person has to decide or to look.
#   viktor.rahn@contoso.example

# ======================================================================================================
# roster/unusable-address: users: 1
# Line 63 of the roster holds no address that can be looked up: not an address: 'carsten.uhl(at)contoso.example'.
# Correct line 63 of the roster (it reads `carsten.uhl(at)contoso.example`) and run the assessment again.
# ======================================================================================================
# No command: a person has to decide or to look.
#   carsten.uhl(at)contoso.example

# ======================================================================================================
# ews/by-deadline: users: 44
# EWS works today and ends on 2027-04-01.
# Move what uses EWS here to Graph before 2027-04-01.
# ======================================================================================================
# No command: a person has to decide or to look.
#   alma.reuter@contoso.example
#   bastian.holt@contoso.example
#   clara.drees@contoso.example
#   Darius.Nowak@contoso.example
#   edda.castell@contoso.example
#   farid.yilmaz@contoso.example
#   gesine.pohl@contoso.example
#   hakan.voss@contoso.example
#   imke.sander@contoso.example
#   jonas.lorenz@contoso.example
#   katja.brandt@contoso.example
#   leonie.marten@contoso.example
#   m.adler@contoso.example
#   orders@contoso.example
#   oda.tiede@contoso.example
#   pavel.hagen@contoso.example
#   quirin.dorn@contoso.example
#   rana.engel@contoso.example
#   selma.gross@contoso.example
#   tarek.kessler@contoso.example
#   … and 24 more, see the workbook.

# ======================================================================================================
# ews/refused: users: 2
# EWS refuses this mailbox today (EWS is disabled for this user or tenant). The settings say why: the mailbox's EwsEnabled is False.
# Move what uses EWS here to Graph; until then the Exchange administrators can let EWS in again (Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy, Get-CASMailbox nils.ebner@contoso.example).
# ======================================================================================================
$users = @(
    'nils.ebner@contoso.example'
    'hedda.falk@contoso.example'
)
# Only where it is the mailbox's own switch that is off; the organisation's switch and list are for all, see above.
Connect-Exchange
Invoke-ForEachUser $users {
    param($one)
    if ((Get-CASMailbox -Identity $one).EwsEnabled -eq $false) { Set-CASMailbox -Identity $one -EwsEnabled $true -WhatIf:$dryRun }
}

# ======================================================================================================
# identity/predecessor: users: 1
# An account with the same address (zoe.bachmann@contoso.example) was deleted on 2026-10-30; integrations that remember the old object may look for it.
# Reconnect the integrations of this user after the move; the old object leaves the recycle bin 30 days after its deletion.
# ======================================================================================================
# No command: a person has to decide or to look.
#   zoe.bachmann@contoso.example

# ======================================================================================================
# mailbox/archive: users: 2
# The mailbox has an in-place archive; Graph opens the primary mailbox only, and Microsoft plans the archive for the fourth quarter of 2026.
# Check whether an application of this user reads the archive over EWS; if so, plan its move after Graph supports archives.
# ======================================================================================================
# No command: a person has to decide or to look.
#   alma.reuter@contoso.example
#   ivo.reimann@contoso.example

# ======================================================================================================
# open/directory: users: 2
# It stayed open who bears the address: several accounts bear the address.
# Decide which of them is meant, then run again.
# ======================================================================================================
# No command: a person has to decide or to look.
#   britta.sommer@contoso.example
#   carsten.uhl(at)contoso.example

# ======================================================================================================
# open/ews: users: 3
# It stayed open whether EWS opens the mailbox: the answer could not be read (EWS answered with something that is not XML; tried 3 times).
# Run the same assessment again: the next run asks just that again.
# ======================================================================================================
# No command: a person has to decide or to look.
#   wanda.jansen@contoso.example
#   xaver.olsen@contoso.example
#   yara.imhof@contoso.example

# ======================================================================================================
# roster/repeat: users: 1
# The address stands on line 6 already; this line is judged like that one.
# Remove line 62 or line 6 from the roster, unless the repetition is meant.
# ======================================================================================================
# No command: a person has to decide or to look.
#   farid.yilmaz@contoso.example

# ======================================================================================================
# salesforce/alias: users: 1
# The address is only an alias of mina.adler@contoso.example; Salesforce connects by the primary address.
# Set the address of the Salesforce user record to mina.adler@contoso.example.
# ======================================================================================================
# No command: a person has to decide or to look.
#   m.adler@contoso.example

# ======================================================================================================
# salesforce/ews-down: users: 2
# EWS is closed to this mailbox today: Lightning Sync does not work.
# Move the user to Einstein Activity Capture.
# ======================================================================================================
# No command: a person has to decide or to look.
#   nils.ebner@contoso.example
#   hedda.falk@contoso.example

# ======================================================================================================
# salesforce/f1: users: 1
# With Microsoft 365 F1 alone the user has no right to the mailbox, over any protocol.
# Give the user a licence with a mailbox right before connecting.
# ======================================================================================================
# No command: a person has to decide or to look.
#   pia.schuster@contoso.example

# ======================================================================================================
# salesforce/graph-closed: users: 3
# Graph does not open the mailbox to our application; what keeps it out may keep Einstein Activity Capture out as well.
# Settle the verdict's cause first, for the application of Einstein Activity Capture too.
# ======================================================================================================
# No command: a person has to decide or to look.
#   fenja.berger@contoso.example
#   goran.adler@contoso.example
#   hedda.falk@contoso.example

# ======================================================================================================
# salesforce/impersonation-denied: users: 1
# EWS denied our application the impersonation of this mailbox (ErrorImpersonateUserDenied): a role is missing, or its scope leaves the mailbox out; Lightning Sync's service account fails the same way where it has the same scope.
# Check the scope with Test-ServicePrincipalAuthorization and include the mailbox in the role Application EWS.AccessAsApp (ApplicationImpersonation is gone from Exchange Online since February 2025); or move the user to Einstein Activity Capture.
# ======================================================================================================
# No command: a person has to decide or to look.
#   goran.adler@contoso.example

# ======================================================================================================
# salesforce/no-ews-right: users: 4
# The licence carries no EWS right, which Salesforce asks for; Microsoft does not enforce it.
# Two ways out: assign Exchange Online (Plan 1), of which the tenant has 2 free; or leave the licence as it is and move the user to Einstein Activity Capture, which works over Graph.
# ======================================================================================================
# No command: a person has to decide or to look.
#   mats.ziegler@contoso.example
#   nadia.busch@contoso.example
#   ole.richter@contoso.example
#   pia.schuster@contoso.example

# ======================================================================================================
# salesforce/no-mailbox: users: 9
# There is no mailbox in this tenant that Salesforce could connect to.
# Settle the verdict's cause first.
# ======================================================================================================
# No command: a person has to decide or to look.
#   ralf.thoma@contoso.example
#   till.neumann@contoso.example
#   ute.paulsen@contoso.example
#   viktor.rahn@contoso.example
#   wiebke.storm@contoso.example
#   yves.albrecht@contoso.example
#   theo.brenner@contoso.example
#   anders.nyberg@fabrikam.example
#   signe.dahl@northwind.example

# ======================================================================================================
# salesforce/on-premises: users: 2
# The mailbox is on-premises: Salesforce reaches it over EWS of Exchange Server, which stays; Lightning Sync ends in April 2027 all the same.
# Keep the on-premises connection of Einstein Activity Capture for this user until the mailbox is in Exchange Online.
# ======================================================================================================
# No command: a person has to decide or to look.
#   jutta.kramer@contoso.example
#   karim.lindner@contoso.example

# ======================================================================================================
# salesforce/upn-differs: users: 1
# The user principal name leonie.falk@contoso.example is another than the primary address leonie.marten@contoso.example; Einstein Activity Capture expects them to be the same.
# Make them the same before connecting: change the user principal name to leonie.marten@contoso.example, or the primary address to leonie.falk@contoso.example.
# ======================================================================================================
# No command: a person has to decide or to look.
#   leonie.marten@contoso.example
