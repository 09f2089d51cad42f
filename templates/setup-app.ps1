#Requires -Version 7.3
#Requires -Modules Microsoft.Graph.Applications, Microsoft.Graph.Identity.Governance, Microsoft.Graph.Identity.DirectoryManagement
# Registers the application that ewsready signs in as, with exactly the permissions it reads with, and removes it again.
#
#   ./setup-app.ps1                                     registers it, without EWS
#   ./setup-app.ps1 -EwsGroup pilot@contoso.example     EWS as well, for the members of one group (RBAC for Applications)
#   ./setup-app.ps1 -EwsEverywhere                      EWS as well, for every mailbox
#   ./setup-app.ps1 -Remove                             takes everything away again
#   -TenantId and -Cloud name the tenant where it is not the worldwide one of the account that signs in.
#
# Who runs it needs, for this hour only: Privileged Role Administrator (consent and role), and for -EwsGroup the Exchange
# role Organization Management with the module ExchangeOnlineManagement. Every change is shown by -WhatIf first.

[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High', DefaultParameterSetName = 'Setup')]
param(
    # Name of the registration; the same name finds it again.
    [string] $Name = 'ewsready',

    # The tenant, by its onmicrosoft.com domain, where the account that signs in is at home in another one.
    [string] $TenantId,

    # The tenant's cloud: worldwide and GCC are Global, GCC High is USGov.
    [ValidateSet('Global', 'USGov', 'USGovDoD', 'China')]
    [string] $Cloud = 'Global',

    # Where certificate and key are written.
    [Parameter(ParameterSetName = 'Setup')]
    [string] $Certificate = 'ewsready.pem',

    # Days until the certificate ends.
    [Parameter(ParameterSetName = 'Setup')]
    [ValidateRange(1, 730)]
    [int] $Days = 180,

    # The live EWS probe for the members of this mail-enabled group only.
    [Parameter(ParameterSetName = 'Setup')]
    [string] $EwsGroup,

    # The live EWS probe for every mailbox.
    [Parameter(ParameterSetName = 'Setup')]
    [switch] $EwsEverywhere,

    # Leave the EWS switches and lists out (they come from an undocumented backend; export-exchange.ps1 exports them).
    [Parameter(ParameterSetName = 'Setup')]
    [switch] $WithoutExchangeAdmin,

    # Also: which applications use EWS, and Microsoft's notices about it. What applications may do in the name of a signed-in
    # person shows only with Directory.Read.All, which is more than this script grants.
    [Parameter(ParameterSetName = 'Setup')]
    [switch] $Extras,

    # Also: who may open each calendar, for planning waves.
    [Parameter(ParameterSetName = 'Setup')]
    [switch] $Delegates,

    # Take everything away again.
    [Parameter(ParameterSetName = 'Remove', Mandatory)]
    [switch] $Remove
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# The two services by their application ids, which are the same in every tenant.
$graphId = '00000003-0000-0000-c000-000000000000'
$exchangeId = '00000002-0000-0ff1-ce00-000000000000'
# Global Reader, by its template id, which is the same in every tenant.
$globalReader = 'f2ef992c-3afb-46b9-b7cf-a126ee74c451'
$scopeName = "$Name EWS"

$wanted = @{
    $graphId    = @('User.Read.All', 'Organization.Read.All', 'MailboxSettings.Read')
    $exchangeId = @()
}
if ($Extras) { $wanted[$graphId] += 'Application.Read.All', 'ServiceMessage.Read.All' }
if ($Delegates) { $wanted[$graphId] += 'Calendars.Read' }
if (-not $WithoutExchangeAdmin) { $wanted[$exchangeId] += 'Exchange.ManageAsApp' }
if ($EwsEverywhere) { $wanted[$exchangeId] += 'full_access_as_app' }
if ($EwsEverywhere -and $EwsGroup) { throw 'Give -EwsGroup or -EwsEverywhere, not both.' }

function Connect-Directory {
    $arguments = @{
        Scopes      = 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'RoleManagement.ReadWrite.Directory'
        Environment = $Cloud
    }
    if ($TenantId) { $arguments.TenantId = $TenantId }
    Connect-MgGraph @arguments -NoWelcome
}

function Connect-Exchange {
    if (Get-ConnectionInformation -ErrorAction SilentlyContinue) { return }
    $environments = @{
        Global = 'O365Default'; USGov = 'O365USGovGCCHigh'; USGovDoD = 'O365USGovDoD'; China = 'O365China'
    }
    $arguments = @{ ExchangeEnvironmentName = $environments[$Cloud] }
    if ($TenantId) { $arguments.DelegatedOrganization = $TenantId }
    Connect-ExchangeOnline @arguments -ShowBanner:$false
}

# A new service principal is not known everywhere at once: what needs it is tried for two minutes.
function Invoke-WithPatience {
    param([scriptblock] $Do)
    foreach ($try in 1..12) {
        try { return & $Do }
        catch {
            if ($try -eq 12) { throw }
            Start-Sleep -Seconds 10
        }
    }
}

# A certificate for this one purpose. The key is written to the file and nowhere else.
function New-Certificate {
    param([string] $Path)
    if (Test-Path -LiteralPath $Path) { throw "$Path is there already; move it away, or name another with -Certificate." }
    $key = [System.Security.Cryptography.RSA]::Create(3072)
    $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new(
        "CN=$Name", $key,
        [System.Security.Cryptography.HashAlgorithmName]::SHA256,
        [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
    $now = [DateTimeOffset]::UtcNow
    $made = $request.CreateSelfSigned($now.AddMinutes(-5), $now.AddDays($Days))
    $null = New-Item -ItemType File -Path $Path
    if (-not $IsWindows) { chmod 600 $Path }
    Set-Content -LiteralPath $Path -Value ($key.ExportPkcs8PrivateKeyPem(), $made.ExportCertificatePem()) -Encoding utf8NoBOM
    $made
}

function Find-Application {
    $found = @(Get-MgApplication -Filter "displayName eq '$($Name -replace "'", "''")'")
    if ($found.Count -gt 1) { throw "$($found.Count) registrations are called '$Name'; give this one another name." }
    $found | Select-Object -First 1
}

function Install-Application {
    Connect-Directory
    if (Find-Application) { throw "'$Name' is registered already; -Remove takes it away." }
    if (-not $PSCmdlet.ShouldProcess($Name, 'register the application and grant consent')) {
        $wanted.Values | ForEach-Object { $_ } | ForEach-Object { Write-Host "would grant $_" }
        return
    }
    $services = @{}
    $access = foreach ($id in $wanted.Keys | Where-Object { $wanted[$_].Count -gt 0 }) {
        $services[$id] = Get-MgServicePrincipal -Filter "appId eq '$id'" -Property 'Id', 'AppId', 'DisplayName', 'AppRoles'
        if (-not $services[$id]) { throw "The service $id is not in this tenant." }
        $roles = foreach ($value in $wanted[$id]) {
            $role = $services[$id].AppRoles | Where-Object { $_.Value -eq $value -and $_.AllowedMemberTypes -contains 'Application' }
            if (-not $role) { throw "$($services[$id].DisplayName) has no application permission $value." }
            @{ id = $role.Id; type = 'Role' }
        }
        @{ resourceAppId = $id; resourceAccess = @($roles) }
    }
    # Only now, so that nothing lies about when the tenant lacks a service or a permission.
    $made = New-Certificate -Path $Certificate
    $keyCredential = @{ type = 'AsymmetricX509Cert'; usage = 'Verify'; key = $made.RawData; displayName = "CN=$Name" }
    $application = New-MgApplication -DisplayName $Name -SignInAudience 'AzureADMyOrg' `
        -RequiredResourceAccess @($access) -KeyCredentials @($keyCredential)
    $principal = New-MgServicePrincipal -AppId $application.AppId
    foreach ($entry in $access) {
        foreach ($role in $entry.resourceAccess) {
            # Granting the role to the service principal is the consent.
            $grant = @{
                ServicePrincipalId = $principal.Id
                PrincipalId        = $principal.Id
                ResourceId         = $services[$entry.resourceAppId].Id
                AppRoleId          = $role.id
            }
            $null = Invoke-WithPatience { New-MgServicePrincipalAppRoleAssignment @grant }
        }
    }
    if (-not $WithoutExchangeAdmin) {
        $assignment = @{ PrincipalId = $principal.Id; RoleDefinitionId = $globalReader; DirectoryScopeId = '/' }
        $null = Invoke-WithPatience { New-MgRoleManagementDirectoryRoleAssignment @assignment }
    }
    if ($EwsGroup) { Grant-EwsToGroup -Principal $principal }
    $tenant = (Get-MgContext).TenantId
    Write-Host "Registered. The certificate ends on $($made.NotAfter.ToString('yyyy-MM-dd')). Now:"
    Write-Host "  ewsready init --name NAME --tenant-id $tenant --client-id $($application.AppId) --credential certificate --credential-file $Certificate"
    Write-Host '  ewsready doctor --tenant NAME'
    Write-Host 'Permissions and roles may take an hour to act, those of Exchange two.'
}

# RBAC for Applications: the role without the permission in Entra, and only over the members of a group.
function Grant-EwsToGroup {
    param($Principal)
    Connect-Exchange
    $group = Get-Group -Identity $EwsGroup
    $null = Invoke-WithPatience { New-ServicePrincipal -AppId $Principal.AppId -ObjectId $Principal.Id -DisplayName $Name }
    $filter = "MemberOfGroup -eq '$($group.DistinguishedName -replace "'", "''")'"
    $null = New-ManagementScope -Name $scopeName -RecipientRestrictionFilter $filter
    $null = New-ManagementRoleAssignment -Name $scopeName -App $Principal.Id -Role 'Application EWS.AccessAsApp' `
        -CustomResourceScope $scopeName
}

function Uninstall-Application {
    Connect-Directory
    $application = Find-Application
    if (-not $application) { Write-Host "Nothing is registered as '$Name'."; return }
    if (-not $PSCmdlet.ShouldProcess($Name, 'remove the application, its consent and its roles')) { return }
    # Who never gave -EwsGroup has nothing in Exchange, and may have no rights there either: no reason to stop.
    try {
        Connect-Exchange
        Get-ManagementRoleAssignment -Identity $scopeName -ErrorAction SilentlyContinue | Remove-ManagementRoleAssignment -Confirm:$false
        Get-ManagementScope -Identity $scopeName -ErrorAction SilentlyContinue | Remove-ManagementScope -Confirm:$false
        Get-ServicePrincipal -Identity $application.AppId -ErrorAction SilentlyContinue | Remove-ServicePrincipal -Confirm:$false
    }
    catch {
        Write-Warning ('Exchange could not be asked: a role of RBAC for Applications, if any, stays. {0}' -f $_.Exception.Message)
    }
    # Consent and directory role go with the service principal, which goes with the application.
    Remove-MgApplication -ApplicationId $application.Id
    Remove-MgDirectoryDeletedItem -DirectoryObjectId $application.Id -ErrorAction SilentlyContinue
    Write-Host "Removed '$Name'. Delete the certificate's file as well."
}

if ($Remove) { Uninstall-Application } else { Install-Application }
