<#
  What scepstorm wants to know about an NDES server or its CA: collected read-only into one folder.

  Run it in an elevated Windows PowerShell 5.1, first on the NDES server, then on the CA:

      powershell -ExecutionPolicy Bypass -File .\collect.ps1 -Since 2026-05-09T20:00 -Out C:\Temp\scepstorm

  Then copy the folder to where scepstorm is:   scepstorm diagnose --evidence FOLDER

  It changes nothing: it reads logs, stores, the registry and the directory, and writes below -Out only. The one command that is
  more than reading is "netsh http flush logbuffer", which makes IIS write what it holds in memory. It takes no password: the stored
  challenge of NDES (EncryptedPassword) is told as its length, and no private key leaves its store. Copied logs are as they are: IIS
  logs hold client addresses and user names.
#>
[CmdletBinding()]
param(
    # Where the folder goes.
    [string] $Out = (Join-Path $env:TEMP 'scepstorm-evidence'),
    # From when on logs and events are wanted; local time of this server. Default: two days back.
    [datetime] $Since = (Get-Date).AddDays(-2),
    # Until when. Default: now.
    [datetime] $Until = (Get-Date),
    # Logs that are larger than this are left where they are, and named.
    [int] $MaxLogMegabytes = 2048
)

Set-StrictMode -Version 1.0
$ErrorActionPreference = 'Stop'

$node  = Join-Path $Out $env:COMPUTERNAME
$state = Join-Path $node 'state'
New-Item -ItemType Directory -Force -Path $state | Out-Null

# What was collected, and what could not be: the first table that a reader looks at.
$facts = New-Object System.Collections.ArrayList
function Add-Fact([string] $Name, $Value) {
    [void] $facts.Add([pscustomobject]@{ Name = $Name; Value = "$Value" })
}

# Dates as scepstorm reads them, whatever the language of this server.
function ConvertTo-UtcText($When) {
    if ($null -eq $When) { return '' }
    return ([datetime] $When).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture)
}

# One table: a CSV with the same columns for every row. What fails costs this table only, and is told.
function Write-Table([string] $Name, [string[]] $Columns, [scriptblock] $Rows) {
    Write-Progress -Activity 'Collecting for scepstorm' -Status $Name
    try {
        $found = @(& $Rows)
        if ($found.Count -gt 0) {
            $found | Select-Object -Property $Columns |
                Export-Csv -NoTypeInformation -Encoding UTF8 -Path (Join-Path $state "$Name.csv")
        }
    } catch {
        Add-Fact "Error:$Name" ($_.Exception.Message -replace '\s+', ' ')
    }
}

# Runs a program of Windows and gives its output; never fails by its exit code alone.
function Invoke-Tool([string] $Path, [string[]] $Arguments) {
    $ErrorActionPreference = 'Continue'
    return @(& $Path @Arguments 2>&1 | ForEach-Object { "$_" })
}

$appcmd = Join-Path $env:windir 'System32\inetsrv\appcmd.exe'
$hasIis = Test-Path $appcmd
$hasCa  = $null -ne (Get-Service -Name CertSvc -ErrorAction SilentlyContinue)
$mscep  = 'HKLM:\SOFTWARE\Microsoft\Cryptography\MSCEP'

# appcmd tells the effective configuration as XML; it is there wherever IIS is, without any module.
function Get-IisXml([string[]] $Arguments) {
    $text = (Invoke-Tool $appcmd ($Arguments + '/xml')) -join "`n"
    return [xml] $text
}

# ---- who and when ----------------------------------------------------------------------------------------------------------------

$system   = Get-CimInstance -ClassName Win32_ComputerSystem
$windows  = Get-CimInstance -ClassName Win32_OperatingSystem
$identity = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
Add-Fact 'Version' '1'
Add-Fact 'Computer' $env:COMPUTERNAME
Add-Fact 'Domain' $system.Domain
Add-Fact 'CollectedAt' (ConvertTo-UtcText (Get-Date))
Add-Fact 'UtcOffsetMinutes' ([int] [TimeZoneInfo]::Local.GetUtcOffset((Get-Date)).TotalMinutes)
Add-Fact 'OS' $windows.Caption
Add-Fact 'Build' $windows.BuildNumber
Add-Fact 'IsElevated' $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
Add-Fact 'Since' (ConvertTo-UtcText $Since)
Add-Fact 'Until' (ConvertTo-UtcText $Until)
Add-Fact 'Roles' (@($(if ($hasIis) { 'iis' }), $(if (Test-Path $mscep) { 'ndes' }), $(if ($hasCa) { 'ca' })) -ne $null -join ';')

# ---- certificates: dates, usages, chains, and who may read the private keys ------------------------------------------------------

# The file that holds a private key has the permissions that "Manage Private Keys" shows.
function Get-KeyReaders($Certificate) {
    if (-not $Certificate.HasPrivateKey) { return '' }
    $folders = "$env:ProgramData\Microsoft\Crypto\RSA\MachineKeys", "$env:ProgramData\Microsoft\Crypto\Keys"
    $name = $null
    try { # keys of the older cryptographic service providers, which NDES needs
        $name = $Certificate.PrivateKey.CspKeyContainerInfo.UniqueKeyContainerName
    } catch { $name = $null }
    if (-not $name) {
        try { # keys of CNG providers
            $name = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate).Key.UniqueName
        } catch { return '' }
    }
    foreach ($folder in $folders) {
        $file = Join-Path $folder $name
        if (Test-Path -LiteralPath $file) {
            $rules = (Get-Acl -LiteralPath $file).Access | Where-Object { $_.AccessControlType -eq 'Allow' }
            return (@($rules | ForEach-Object { "$($_.IdentityReference)" }) | Sort-Object -Unique) -join ';'
        }
    }
    return ''
}

function Get-KeyProvider($Certificate) {
    if (-not $Certificate.HasPrivateKey) { return '' }
    try { return $Certificate.PrivateKey.CspKeyContainerInfo.ProviderName } catch { }
    try { return [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate).Key.Provider.Provider } catch { return '' }
}

# Builds the chain with an online look at revocation lists, as NDES does when it starts (here as the user who runs this).
function Get-ChainStatus($Certificate) {
    $chain = New-Object Security.Cryptography.X509Certificates.X509Chain $true
    $chain.ChainPolicy.RevocationMode = 'Online'
    $chain.ChainPolicy.RevocationFlag = 'ExcludeRoot'
    $chain.ChainPolicy.UrlRetrievalTimeout = [timespan]::FromSeconds(15)
    if ($chain.Build($Certificate)) { return 'NoError' }
    return (@($chain.ChainStatus | ForEach-Object { "$($_.Status)" }) | Sort-Object -Unique) -join ';'
}

function Get-Extension($Certificate, [string] $Oid) {
    return $Certificate.Extensions | Where-Object { $_.Oid.Value -eq $Oid } | Select-Object -First 1
}

Write-Table 'certificates' @('Thumbprint', 'Store', 'Subject', 'Issuer', 'SerialNumber', 'NotBefore', 'NotAfter', 'HasPrivateKey',
    'EnhancedKeyUsage', 'KeyUsage', 'Provider', 'KeyReaders', 'ChainStatus', 'SelfSigned') {
    foreach ($store in 'My', 'Root', 'CA') {
        foreach ($c in Get-ChildItem "Cert:\LocalMachine\$store") {
            $eku   = Get-Extension $c '2.5.29.37'
            $usage = Get-Extension $c '2.5.29.15'
            [pscustomobject]@{
                Thumbprint       = $c.Thumbprint
                Store            = $store
                Subject          = $c.Subject
                Issuer           = $c.Issuer
                SerialNumber     = $c.SerialNumber
                NotBefore        = ConvertTo-UtcText $c.NotBefore
                NotAfter         = ConvertTo-UtcText $c.NotAfter
                HasPrivateKey    = $c.HasPrivateKey
                EnhancedKeyUsage = $(if ($eku) { @($eku.EnhancedKeyUsages | ForEach-Object { $_.Value }) -join ';' })
                KeyUsage         = $(if ($usage) { "$($usage.KeyUsages)" -replace ', ', ';' })
                Provider         = $(if ($store -eq 'My') { Get-KeyProvider $c })
                KeyReaders       = $(if ($store -eq 'My') { Get-KeyReaders $c })
                ChainStatus      = $(if ($store -eq 'My') { Get-ChainStatus $c })
                SelfSigned       = $c.Subject -eq $c.Issuer
            }
        }
    }
}

# ---- registry: NDES, HTTP.sys limits, Intune connector ---------------------------------------------------------------------------

Write-Table 'registry' @('Path', 'Type', 'Value') {
    $roots = $mscep, 'HKLM:\SYSTEM\CurrentControlSet\Services\HTTP\Parameters', 'HKLM:\SOFTWARE\Microsoft\MicrosoftIntune'
    foreach ($root in $roots) {
        if (-not (Test-Path $root)) { continue }
        foreach ($key in @(Get-Item $root) + @(Get-ChildItem $root -Recurse -ErrorAction SilentlyContinue)) {
            foreach ($name in $key.GetValueNames()) {
                $kind  = "$($key.GetValueKind($name))"
                $value = $key.GetValue($name)
                $text  = if ($kind -eq 'Binary') { "($($value.Length) bytes)" }        # never the bytes: EncryptedPassword is one of these
                         elseif ($name -match 'password|secret' -and $kind -ne 'DWord') { '(not told)' }
                         elseif ($kind -eq 'MultiString') { $value -join ';' }
                         else { "$value" }
                [pscustomobject]@{ Path = ($key.Name -replace '^HKEY_LOCAL_MACHINE', 'HKLM') + '\' + $name; Type = $kind; Value = $text }
            }
        }
    }
}

# ---- IIS: pools, virtual directories, bindings, extensions -----------------------------------------------------------------------

$poolUsers = @{}
if ($hasIis) {
    Write-Table 'apppools' @('Name', 'State', 'IdentityType', 'UserName', 'AutoStart', 'QueueLength', 'MaxProcesses',
        'RapidFailProtection', 'IdleTimeoutMinutes', 'RecyclePeriodMinutes') {
        $status = @{}
        foreach ($p in (Get-IisXml 'list', 'apppool').appcmd.SelectNodes('APPPOOL')) { $status[$p.'APPPOOL.NAME'] = $p.state }
        foreach ($p in (Get-IisXml 'list', 'apppool', '/config:*').appcmd.SelectNodes('APPPOOL')) {
            $add   = $p.add
            $model = $add.processModel
            $poolUsers[$p.'APPPOOL.NAME'] = $model.userName
            [pscustomobject]@{
                Name                 = $p.'APPPOOL.NAME'
                State                = $status[$p.'APPPOOL.NAME']
                IdentityType         = $model.identityType
                UserName             = $model.userName
                AutoStart            = $add.autoStart
                QueueLength          = $add.queueLength
                MaxProcesses         = $model.maxProcesses
                RapidFailProtection  = $add.failure.rapidFailProtection
                IdleTimeoutMinutes   = $(if ($model.idleTimeout) { [int] ([timespan] $model.idleTimeout).TotalMinutes })
                RecyclePeriodMinutes = $(if ($add.recycling.periodicRestart.time) { [int] ([timespan] $add.recycling.periodicRestart.time).TotalMinutes })
            }
        }
    }

    # One section of the effective configuration of one path; empty where it cannot be told.
    function Get-Section([string] $Path, [string] $Section) {
        $text = (Invoke-Tool $appcmd @('list', 'config', $Path, "-section:$Section", '/config:*')) -join "`n"
        try { return ([xml] $text).DocumentElement } catch { return $null }
    }

    Write-Table 'vdirs' @('Path', 'PhysicalPath', 'Pool', 'Anonymous', 'WindowsAuth', 'BasicAuth', 'UseKernelMode', 'SslFlags',
        'AccessPolicy', 'MaxUrl', 'MaxQueryString', 'MaxContentLength', 'AllowDoubleEscaping', 'IpRestricted', 'DefaultDocuments', 'AclDenied') {
        $pools = @{}
        foreach ($a in (Get-IisXml 'list', 'app').appcmd.SelectNodes('APP')) { $pools[$a.'APP.NAME'] = $a.'APPPOOL.NAME' }
        foreach ($v in (Get-IisXml 'list', 'vdir').appcmd.SelectNodes('VDIR')) {
            $path = $v.'VDIR.NAME'.TrimEnd('/')
            if ($path -notmatch 'mscep|CertificateRegistration|NDES' -and $path -match '/') { continue }
            $windows = Get-Section $path 'windowsAuthentication'
            $filter  = Get-Section $path 'requestFiltering'
            $limits  = if ($filter) { $filter.SelectSingleNode('requestLimits') }
            $ips     = Get-Section $path 'ipSecurity'
            $folder  = [Environment]::ExpandEnvironmentVariables($v.physicalPath)
            $denied  = if (Test-Path -LiteralPath $folder) {
                @((Get-Acl -LiteralPath $folder).Access | Where-Object { $_.AccessControlType -eq 'Deny' } | ForEach-Object { "$($_.IdentityReference)" }) -join ';'
            } else { 'folder is missing' }
            $documents = Get-Section $path 'defaultDocument'
            [pscustomobject]@{
                Path                = $path
                PhysicalPath        = $folder
                Pool                = $pools[$v.'APP.NAME']
                Anonymous           = $(if ($s = Get-Section $path 'anonymousAuthentication') { $s.enabled })
                WindowsAuth         = $(if ($windows) { $windows.enabled })
                BasicAuth           = $(if ($s = Get-Section $path 'basicAuthentication') { $s.enabled })
                UseKernelMode       = $(if ($windows) { $windows.useKernelMode })
                SslFlags            = $(if ($s = Get-Section $path 'access') { $s.sslFlags })
                AccessPolicy        = $(if ($s = Get-Section $path 'handlers') { $s.accessPolicy })
                MaxUrl              = $(if ($limits) { $limits.maxUrl })
                MaxQueryString      = $(if ($limits) { $limits.maxQueryString })
                MaxContentLength    = $(if ($limits) { $limits.maxAllowedContentLength })
                AllowDoubleEscaping = $(if ($filter) { $filter.allowDoubleEscaping })
                IpRestricted        = $(if ($ips) { ($ips.allowUnlisted -eq 'false') -or ($ips.SelectNodes('add').Count -gt 0) })
                DefaultDocuments    = $(if ($documents) { @($documents.SelectNodes('files/add') | ForEach-Object { $_.value }) -join ';' })
                AclDenied           = $denied
            }
        }
    }

    Write-Table 'bindings' @('Binding', 'Site', 'State', 'CertificateThumbprint') {
        # netsh names the certificate of each address and port; its labels are translated, so the hash is found by its form.
        $hashes = @{}
        $at = ''
        foreach ($line in Invoke-Tool 'netsh.exe' @('http', 'show', 'sslcert')) {
            if ($line -match ':\s+(\S+:\d+)\s*$') { $at = $Matches[1] }
            elseif ($line -match ':\s+([0-9a-fA-F]{40})\s*$') { $hashes[$at] = $Matches[1].ToUpperInvariant() }
        }
        foreach ($site in (Get-IisXml 'list', 'site').appcmd.SelectNodes('SITE')) {
            foreach ($binding in "$($site.bindings)" -split ',') {
                $parts = ($binding -split '/', 2)[-1] -split ':'
                $address = if ($parts[0] -eq '*' -or -not $parts[0]) { '0.0.0.0' } else { $parts[0] }
                $hash = $hashes["${address}:$($parts[1])"]
                if (-not $hash -and $parts.Count -gt 2) { $hash = $hashes["$($parts[2]):$($parts[1])"] }
                [pscustomobject]@{ Binding = $binding; Site = $site.'SITE.NAME'; State = $site.state; CertificateThumbprint = $hash }
            }
        }
    }

    Write-Table 'iis' @('Name', 'Value') {
        # The ISAPI modules are there when their files are registered as modules.
        $modules = (Invoke-Tool $appcmd @('list', 'module')) -join "`n"
        [pscustomobject]@{ Name = 'Feature:ISAPI-Ext'; Value = $modules -match 'IsapiModule' }
        [pscustomobject]@{ Name = 'Feature:ISAPI-Filter'; Value = $modules -match 'IsapiFilterModule' }
        $restriction = 'Missing'
        $section = Get-Section '' 'isapiCgiRestriction'
        if ($section) {
            foreach ($entry in $section.SelectNodes('add')) {
                if ($entry.path -match 'mscep\.dll') { $restriction = if ($entry.allowed -eq 'true') { 'Allowed' } else { 'NotAllowed' } }
            }
        }
        [pscustomobject]@{ Name = 'IsapiRestriction:mscep.dll'; Value = $restriction }
        # A broken configuration makes appcmd fail with the file and the line.
        $broken = @(Invoke-Tool $appcmd @('list', 'config', '-section:handlers') | Where-Object { $_ -match '^\s*ERROR' }) -join ' '
        [pscustomobject]@{ Name = 'ConfigurationError'; Value = $broken }
    }
}

# ---- services and accounts -------------------------------------------------------------------------------------------------------

Write-Table 'services' @('Name', 'DisplayName', 'Status', 'StartMode', 'Account') {
    $wanted = '^(W3SVC|WAS|HTTP|CertSvc|NDESConnectorSvc|PFXCertificateConnectorSvc|PkiCreateLegacyConnectorSvc|PkiRevokeConnectorSvc|W32Time|KeyIso|CryptSvc|RpcSs|WAPCSvc|WAPCUpdaterSvc)$'
    foreach ($s in Get-CimInstance -ClassName Win32_Service) {
        if ($s.Name -match $wanted -or $s.DisplayName -match 'Intune|Certificate Connector|Application Proxy|Network Connector') {
            [pscustomobject]@{ Name = $s.Name; DisplayName = $s.DisplayName; Status = $s.State; StartMode = $s.StartMode; Account = $s.StartName }
        }
    }
}

# Looks an account up in the directory by its logon name, without the Active Directory module.
function Find-Account([string] $Account) {
    $name = ($Account -split '\\')[-1] -replace '@.*$', ''
    if (-not $name -or $Account -match '^(NT AUTHORITY|NT SERVICE|IIS APPPOOL|LocalSystem)') { return $null }
    $search = New-Object DirectoryServices.DirectorySearcher
    $search.Filter = "(sAMAccountName=$($name -replace '([\\*()\0])', ''))"
    foreach ($p in 'userAccountControl', 'msDS-User-Account-Control-Computed', 'lockoutTime', 'pwdLastSet', 'memberOf', 'sAMAccountName', 'servicePrincipalName') {
        [void] $search.PropertiesToLoad.Add($p)
    }
    return $search.FindOne()
}

function Get-Property($Found, [string] $Name) {
    $values = $Found.Properties[$Name.ToLowerInvariant()]
    if ($values.Count -eq 0) { return $null }
    return $values[0]
}

Write-Table 'accounts' @('Name', 'Role', 'Enabled', 'LockedOut', 'PasswordExpired', 'PasswordLastSet', 'PasswordNeverExpires', 'Groups') {
    $roles = @{}
    foreach ($user in $poolUsers.Values) { if ($user) { $roles[$user] = 'pool' } }
    foreach ($s in Get-CimInstance -ClassName Win32_Service) {
        if ($s.DisplayName -match 'Intune|Certificate Connector' -and $s.StartName) { $roles[$s.StartName] = 'connector' }
    }
    foreach ($user in $roles.Keys) {
        $found = Find-Account $user
        if ($null -eq $found) { continue }
        $flags    = [int] (Get-Property $found 'userAccountControl')
        $computed = [int] (Get-Property $found 'msDS-User-Account-Control-Computed')
        $set      = Get-Property $found 'pwdLastSet'
        [pscustomobject]@{
            Name                 = $user
            Role                 = $roles[$user]
            Enabled              = ($flags -band 0x2) -eq 0
            LockedOut            = ($computed -band 0x10) -ne 0
            PasswordExpired      = ($computed -band 0x800000) -ne 0
            PasswordLastSet      = $(if ($set) { ConvertTo-UtcText ([datetime]::FromFileTimeUtc([long] $set)) })
            PasswordNeverExpires = ($flags -band 0x10000) -ne 0
            Groups               = @($found.Properties['memberof'] | ForEach-Object { ($_ -split ',')[0] -replace '^CN=', '' }) -join ';'
        }
    }
}

Write-Table 'rights' @('Right', 'Accounts') {
    # The effective user rights of this server, as security policies have left them.
    $file = Join-Path $state 'rights.inf'
    [void] (Invoke-Tool 'secedit.exe' @('/export', '/areas', 'USER_RIGHTS', '/cfg', $file, '/quiet'))
    foreach ($line in Get-Content -LiteralPath $file) {
        if ($line -match '^(Se(Batch|Service|Interactive|Network|DenyBatch|DenyService|DenyInteractive|DenyNetwork)LogonRight|SeImpersonatePrivilege)\s*=\s*(.*)$') {
            $right = $Matches[1]
            $names = foreach ($sid in $Matches[3] -split ',') {
                $text = $sid.Trim().TrimStart('*')
                try { (New-Object Security.Principal.SecurityIdentifier $text).Translate([Security.Principal.NTAccount]).Value } catch { $text }
            }
            [pscustomobject]@{ Right = $right; Accounts = @($names) -join ';' }
        }
    }
    Remove-Item -LiteralPath $file
}

Write-Table 'spns' @('Spn', 'Account') {
    # Which accounts claim HTTP for this server's names: Kerberos on the password page needs exactly one, that of the pool.
    $search = New-Object DirectoryServices.DirectorySearcher
    $search.Filter = "(|(servicePrincipalName=HTTP/$env:COMPUTERNAME*)(servicePrincipalName=HOST/$env:COMPUTERNAME))"
    foreach ($found in $search.FindAll()) {
        foreach ($spn in $found.Properties['serviceprincipalname']) {
            if ($spn -match '^(HTTP|HOST)/') { [pscustomobject]@{ Spn = $spn; Account = "$($found.Properties['samaccountname'][0])" } }
        }
    }
}

# ---- templates and the CA --------------------------------------------------------------------------------------------------------

# What NDES is set up with: the names of its three templates, and its CA.
$ndesTemplates = @()
$caConfig = ''
if (Test-Path $mscep) {
    $values = Get-ItemProperty -Path $mscep
    foreach ($name in 'SignatureTemplate', 'EncryptionTemplate', 'GeneralPurposeTemplate') {
        if ($values.PSObject.Properties[$name]) { $ndesTemplates += $values.$name }
    }
    $info = Get-ItemProperty -Path "$mscep\CAInfo" -ErrorAction SilentlyContinue
    if ($info -and $info.PSObject.Properties['Configuration']) { $caConfig = $info.Configuration }
}

Write-Table 'templates' @('Name', 'DisplayName', 'Published', 'Account', 'Enroll', 'Read', 'MinimumKeySize', 'SubjectFromAd',
    'RequiresApproval', 'RaSignatures', 'Provider') {
    $enroll = [guid] '0e10c968-78fb-11d2-90d4-00c04f79dc55' # the extended right "Enroll"
    $services = [adsi] "LDAP://CN=Public Key Services,CN=Services,$(([adsi] 'LDAP://RootDSE').configurationNamingContext)"
    $published = @{}
    foreach ($ca in $services.Children.Find('CN=Enrollment Services', 'container').Children) {
        foreach ($name in $ca.Properties['certificateTemplates']) { $published["$name"] = $true }
    }
    foreach ($template in $services.Children.Find('CN=Certificate Templates', 'container').Children) {
        $name = "$($template.Properties['cn'].Value)"
        $wanted = $ndesTemplates -contains $name -or $ndesTemplates -contains "$($template.Properties['displayName'].Value)"
        if (-not $wanted -and -not $published.ContainsKey($name)) { continue }
        $template.RefreshCache(@('ntSecurityDescriptor'))
        $rights = @{}
        foreach ($rule in $template.ObjectSecurity.GetAccessRules($true, $true, [Security.Principal.NTAccount])) {
            $who = "$($rule.IdentityReference)"
            if (-not $rights.ContainsKey($who)) { $rights[$who] = @{ Enroll = ''; Read = '' } }
            $word = "$($rule.AccessControlType)"
            $all  = ($rule.ActiveDirectoryRights -band [DirectoryServices.ActiveDirectoryRights]::GenericAll) -eq [DirectoryServices.ActiveDirectoryRights]::GenericAll
            $extended = ($rule.ActiveDirectoryRights -band [DirectoryServices.ActiveDirectoryRights]::ExtendedRight) -ne 0
            if ($all -or ($extended -and ($rule.ObjectType -eq $enroll -or $rule.ObjectType -eq [guid]::Empty))) {
                if ($rights[$who].Enroll -ne 'Deny') { $rights[$who].Enroll = $word }
            }
            if ($all -or ($rule.ActiveDirectoryRights -band [DirectoryServices.ActiveDirectoryRights]::ReadProperty) -ne 0) {
                if ($rights[$who].Read -ne 'Deny') { $rights[$who].Read = $word }
            }
        }
        foreach ($who in $rights.Keys) {
            [pscustomobject]@{
                Name             = $name
                DisplayName      = "$($template.Properties['displayName'].Value)"
                Published        = $published.ContainsKey($name)
                Account          = $who
                Enroll           = $rights[$who].Enroll
                Read             = $rights[$who].Read
                MinimumKeySize   = $template.Properties['msPKI-Minimal-Key-Size'].Value
                SubjectFromAd    = (([int] $template.Properties['msPKI-Certificate-Name-Flag'].Value) -band 1) -eq 0
                RequiresApproval = (([int] $template.Properties['msPKI-Enrollment-Flag'].Value) -band 2) -ne 0
                RaSignatures     = $template.Properties['msPKI-RA-Signature'].Value
                Provider         = @($template.Properties['pKIDefaultCSPs'] | ForEach-Object { $_ }) -join ';'
            }
        }
    }
}

Write-Table 'ca' @('Config', 'Reachable', 'PingError', 'PingMs', 'ServiceStatus', 'CertificateNotAfter', 'CrlNextUpdate', 'CrlStatus', 'DbSessionCount') {
    $config = $caConfig
    $sessions = ''
    $status = ''
    if ($hasCa) { # on the CA itself
        $key = 'HKLM:\SYSTEM\CurrentControlSet\Services\CertSvc\Configuration'
        $active = (Get-ItemProperty $key).Active
        $config = "$env:COMPUTERNAME\$active"
        $status = "$((Get-Service CertSvc).Status)"
        $values = Get-ItemProperty $key
        if ($values.PSObject.Properties['DBSessionCount']) { $sessions = $values.DBSessionCount }
    }
    if (-not $config) { return }
    # Asks the CA's interface the way NDES does; the exit code tells, the words are translated.
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $ping = Invoke-Tool 'certutil.exe' @('-config', $config, '-ping')
    $code = $LASTEXITCODE
    $watch.Stop()
    # Names and dates of the CA certificates in the stores; the newest counts.
    $caName = ($config -split '\\', 2)[-1]
    $newest = Get-ChildItem 'Cert:\LocalMachine\CA', 'Cert:\LocalMachine\Root' | Where-Object { $_.Subject -match ('CN=' + [regex]::Escape($caName) + '(,|$)') } |
        Sort-Object NotAfter -Descending | Select-Object -First 1
    $crl = ''
    if ($hasCa) { # the newest list that this CA has written
        $file = Get-ChildItem "$env:windir\System32\CertSrv\CertEnroll\*.crl" -ErrorAction SilentlyContinue | Where-Object { $_.Name -notmatch '\+\.crl$' } |
            Sort-Object LastWriteTime -Descending | Select-Object -First 1
        if ($file) {
            $dump = Invoke-Tool 'certutil.exe' @('-dump', $file.FullName)
            foreach ($line in $dump) {
                $when = [datetime]::MinValue
                if ($line -match '^\s*(NextUpdate|N.chste .*|Prochaine .*|Siguiente .*):\s*(.+)$' -and [datetime]::TryParse($Matches[2], [ref] $when)) {
                    $crl = ConvertTo-UtcText $when
                    break
                }
            }
        }
    }
    [pscustomobject]@{
        Config              = $config
        Reachable           = $code -eq 0
        PingError           = $(if ($code -ne 0) { '0x{0:X8}' -f $code })
        PingMs              = $watch.ElapsedMilliseconds
        ServiceStatus       = $status
        CertificateNotAfter = $(if ($newest) { ConvertTo-UtcText $newest.NotAfter })
        CrlNextUpdate       = $crl
        CrlStatus           = $(if ($newest) { Get-ChainStatus $newest })
        DbSessionCount      = $sessions
    }
}

if ($hasCa) {
    Write-Table 'requests' @('RequestId', 'SubmittedAt', 'Requester', 'Template', 'StatusCode', 'Disposition', 'Message') {
        # Refused (31), failed (30) and waiting (9) requests. Columns are asked for by name and read by place: headings are translated.
        $columns = 'RequestID,Request.SubmittedWhen,RequesterName,CertificateTemplate,Request.StatusCode,Request.Disposition,Request.DispositionMessage'
        foreach ($disposition in 31, 30, 9) {
            $lines = Invoke-Tool 'certutil.exe' @('-view', '-restrict', "Disposition=$disposition,Request.SubmittedWhen>=$($Since.ToString('g'))", '-out', $columns, 'csv')
            $header = 'RequestId', 'SubmittedAt', 'Requester', 'Template', 'StatusCode', 'Disposition', 'Message'
            foreach ($row in ($lines | Select-Object -Skip 1 | ConvertFrom-Csv -Header $header)) {
                if ($row.RequestId -notmatch '^\s*(0x[0-9a-f]+|\d+)') { continue }
                $when = [datetime]::MinValue
                $row.SubmittedAt = if ([datetime]::TryParse($row.SubmittedAt, [ref] $when)) { ConvertTo-UtcText $when } else { '' }
                if ($row.StatusCode -match '0x[0-9a-fA-F]{8}') { $row.StatusCode = $Matches[0] }
                $row.Disposition = $disposition
                $row
            }
        }
    }
}

# ---- software, and the way to the CA ---------------------------------------------------------------------------------------------

Write-Table 'software' @('Name', 'Version', 'InstalledAt') {
    $keys = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\*', 'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\*'
    foreach ($p in Get-ItemProperty $keys -ErrorAction SilentlyContinue) {
        if ($p.PSObject.Properties['DisplayName'] -and $p.DisplayName -match 'Intune|Certificate Connector|NDES|Application Proxy|Private Network Connector|Jamf|Workspace ONE') {
            $date = if ($p.PSObject.Properties['InstallDate'] -and $p.InstallDate -match '^(\d{4})(\d\d)(\d\d)$') { "$($Matches[1])-$($Matches[2])-$($Matches[3])T00:00:00Z" }
            [pscustomobject]@{ Name = $p.DisplayName; Version = $(if ($p.PSObject.Properties['DisplayVersion']) { $p.DisplayVersion }); InstalledAt = $date }
        }
    }
}

# Whether a TCP port answers, and how it does not.
function Test-Tcp([string] $Computer, [int] $Port) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $client = New-Object Net.Sockets.TcpClient
    try {
        $pending = $client.BeginConnect($Computer, $Port, $null, $null)
        $result = if (-not $pending.AsyncWaitHandle.WaitOne(5000)) { 'timeout' } else { $client.EndConnect($pending); 'ok' }
    } catch {
        $inner = $_.Exception
        while ($inner.InnerException) { $inner = $inner.InnerException }
        $result = if ($inner -is [Net.Sockets.SocketException]) { "$($inner.SocketErrorCode)" -replace 'ConnectionRefused', 'refused' -replace 'HostNotFound', 'not found' -replace 'TimedOut', 'timeout' } else { $inner.Message }
    } finally { $client.Close() }
    return @{ Result = $result; Milliseconds = $watch.ElapsedMilliseconds }
}

Write-Table 'network' @('Target', 'Test', 'Result', 'Milliseconds') {
    if ($caConfig) { # RPC's endpoint mapper on the CA: closed means a firewall or a machine that is down
        $ca = ($caConfig -split '\\')[0]
        $t = Test-Tcp $ca 135
        [pscustomobject]@{ Target = "${ca}:135"; Test = 'tcp'; Result = $t.Result; Milliseconds = $t.Milliseconds }
    }
    # Revocation lists of the RA certificates: fetched as a chain check would.
    $urls = foreach ($c in Get-ChildItem Cert:\LocalMachine\My) {
        $cdp = Get-Extension $c '2.5.29.31'
        if ($cdp) { [regex]::Matches([Text.Encoding]::ASCII.GetString($cdp.RawData), 'https?://[\x21-\x7e]+?\.crl') | ForEach-Object { $_.Value } }
    }
    foreach ($url in @($urls | Sort-Object -Unique | Select-Object -First 10)) {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        try { $result = "$([int] (Invoke-WebRequest -UseBasicParsing -Method Head -TimeoutSec 10 -Uri $url).StatusCode)" -replace '^200$', 'ok' } catch { $result = $_.Exception.Message -replace '\s+', ' ' }
        [pscustomobject]@{ Target = $url; Test = 'http'; Result = $result; Milliseconds = $watch.ElapsedMilliseconds }
    }
}

# ---- logs and events around the incident -----------------------------------------------------------------------------------------

# Copies the files that were written since then.
function Copy-Logs([string] $Pattern, [string] $Folder) {
    foreach ($file in @(Get-ChildItem -Path $Pattern -ErrorAction SilentlyContinue)) {
        if ($file.LastWriteTime -lt $Since) { continue }
        if ($file.Length -gt $MaxLogMegabytes * 1048576) { Add-Fact "Skipped:$($file.FullName)" "$($file.Length) bytes"; continue }
        $target = Join-Path $node $Folder
        New-Item -ItemType Directory -Force -Path $target | Out-Null
        try { Copy-Item -LiteralPath $file.FullName -Destination $target } catch { Add-Fact "Error:$($file.FullName)" $_.Exception.Message }
    }
}

# IIS writes its log late: this makes it write what it holds.
[void] (Invoke-Tool 'netsh.exe' @('http', 'flush', 'logbuffer'))
Write-Progress -Activity 'Collecting for scepstorm' -Status 'logs'
if ($hasIis) {
    $logRoot = Join-Path $env:SystemDrive 'inetpub\logs\LogFiles'
    foreach ($folder in @(Get-ChildItem -Path $logRoot -Directory -Filter 'W3SVC*' -ErrorAction SilentlyContinue)) {
        Copy-Logs (Join-Path $folder.FullName '*.log') $folder.Name
    }
    Copy-Logs "$env:windir\System32\LogFiles\HTTPERR\*.log" 'HTTPERR'
    Copy-Logs "$env:ProgramFiles\Microsoft Intune\NDESPolicyModule\Logs\*.log" 'NDESPolicyModule'
    Copy-Logs "$env:ProgramFiles\Microsoft Intune\NDESConnectorSvc\Logs\Logs\*.svclog" 'NDESConnectorSvc'
}

# Events as XML with their words; a channel that is not there is no error.
function Export-Events([string] $Channel, [string] $File, [string] $Condition) {
    $from = $Since.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.000Z', [Globalization.CultureInfo]::InvariantCulture)
    $to   = $Until.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.999Z', [Globalization.CultureInfo]::InvariantCulture)
    $query = "*[System[TimeCreated[@SystemTime>='$from' and @SystemTime<='$to']$Condition]]"
    Write-Progress -Activity 'Collecting for scepstorm' -Status $Channel
    $lines = Invoke-Tool 'wevtutil.exe' @('qe', $Channel, "/q:$query", '/f:RenderedXml', '/e:Events')
    if ($LASTEXITCODE -eq 0) {
        [IO.File]::WriteAllLines((Join-Path $node $File), [string[]] $lines, (New-Object Text.UTF8Encoding $false))
    } elseif ($lines -notmatch '15007') { # 15007: there is no such channel here
        Add-Fact "Error:$File" (($lines -join ' ') -replace '\s+', ' ')
    }
}

Export-Events 'Application' 'application.xml' ''
Export-Events 'System' 'system.xml' ''
Export-Events 'Security' 'security.xml' ' and (EventID=4625 or EventID=4740 or EventID=4771 or EventID=4776 or EventID=5152)'
Export-Events 'Microsoft-Windows-CAPI2/Operational' 'capi2.xml' ' and (Level=1 or Level=2 or Level=3)'
Export-Events 'Microsoft-Intune-CertificateConnectors/Admin' 'connector.xml' ''
Export-Events 'Microsoft-Intune-CertificateConnectors/Operational' 'connector-operational.xml' ''
Export-Events 'Microsoft Intune Connector' 'connector-legacy.xml' ''
Export-Events 'Microsoft-AadApplicationProxy-Connector/Admin' 'appproxy.xml' ''

$facts | Export-Csv -NoTypeInformation -Encoding UTF8 -Path (Join-Path $state 'collector.csv')
Write-Progress -Activity 'Collecting for scepstorm' -Completed
Write-Output "Collected into $node"
foreach ($fact in $facts) { if ($fact.Name -match '^(Error|Skipped):') { Write-Warning "$($fact.Name) $($fact.Value)" } }
Write-Output "Next: the same on the CA with the same -Out, then  scepstorm diagnose --evidence $Out"
