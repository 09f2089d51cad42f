#Requires -Version 5.1
# Writes the three exports that ewsready reads instead of asking Exchange itself. It reads, and changes nothing.
#
#   .\export-exchange.ps1 -Folder .\exports
#
# Then name the files in ewsready.toml under [tenants.NAME.sources].
# Module: ExchangeOnlineManagement 3.x. Role: View-Only Recipients and View-Only Configuration are enough.

[CmdletBinding()]
param(
    # Where the files go; made if absent.
    [string] $Folder = 'exports'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-ConnectionInformation -ErrorAction SilentlyContinue)) {
    Connect-ExchangeOnline -ShowBanner:$false
}
$null = New-Item -ItemType Directory -Path $Folder -Force

# Writes to a temporary name first, so that an interrupted run leaves no half file to be read.
function Write-Export {
    param([string] $Name, [object] $Content)
    $path = Join-Path $Folder $Name
    ConvertTo-Json -InputObject $Content -Depth 4 | Set-Content -Path ($path + '.tmp') -Encoding utf8
    Move-Item -Path ($path + '.tmp') -Destination $path -Force
    Write-Host ('{0}: {1} entries' -f $path, @($Content).Count)
}

# Without the switch the list of permitted applications seems empty even when it is enforced. The last column proves that
# it was given: ewsready takes an empty list without that proof for unknown.
$columns = @(
    @{ n = 'RetrieveEwsOperationAccessPolicy'; e = { $true } }
    'Name', 'EwsEnabled', 'EwsAllowedAppIDs', 'EwsApplicationAccessPolicy', 'EwsAllowList', 'EwsBlockList', 'PublicFoldersEnabled'
    @{ n = 'RootPublicFolderMailbox'; e = { [string] $_.RootPublicFolderMailbox } }
)
$organization = Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy | Select-Object $columns
Write-Export 'organization.json' $organization

# ResultSize in each line proves that nobody was left out: without the argument the cmdlets stop after 1,000, and ewsready
# takes whoever is missing in a file without that proof for unknown, not for somebody without a mailbox.
$complete = @{ n = 'ResultSize'; e = { 'Unlimited' } }

# Get-EXOCasMailbox does not return the policy and its lists.
$columns = @(
    $complete
    'ExternalDirectoryObjectId', 'PrimarySmtpAddress', 'EwsEnabled', 'EwsApplicationAccessPolicy', 'EwsAllowList', 'EwsBlockList'
)
$settings = @(Get-CASMailbox -ResultSize Unlimited | Select-Object $columns)
Write-Export 'cas-mailboxes.json' $settings

$properties = 'RecipientTypeDetails', 'ArchiveStatus', 'IsInactiveMailbox', 'GrantSendOnBehalfTo'
$columns = @($complete; 'ExternalDirectoryObjectId', 'PrimarySmtpAddress'; $properties)
$mailboxes = @(Get-EXOMailbox -ResultSize Unlimited -Properties $properties | Select-Object $columns)
Write-Export 'mailboxes.json' $mailboxes
