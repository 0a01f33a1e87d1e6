# Checks, builds, tests and publishes Rotato: what CI does, on any machine with the .NET SDK and PowerShell 7.
# The native executable also needs the system's linker: clang and zlib (Linux), Xcode's tools (macOS), Visual C++ (Windows).
# Only core PowerShell and .NET calls are used, so that it runs in the smallest PowerShell host too.
param(
    [switch] $Quick,     # only for this machine: leave out the other targets and the tool package
    [switch] $NoNative,  # leave out the native executable, where there is no linker
    [switch] $Reproduce  # build this commit in two other folders and compare every byte; no checks, dist/ is not touched
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$targets = 'win-x64', 'linux-x64', 'linux-arm64', 'osx-arm64'
$here = [Runtime.InteropServices.RuntimeInformation]::RuntimeIdentifier

# A native command's failure is no PowerShell error by itself.
function Invoke-Native([string] $command, [string[]] $words) {
    "> $command $words"
    & $command $words
    if ($LASTEXITCODE -ne 0) { throw "'$command $words' failed with exit code $LASTEXITCODE" }
}

# Makes every file that is shipped from the sources in one folder, with their sums.
function Publish-All([string] $source, [string] $dist) {
    $project = [IO.Path]::Combine($source, 'Rotato')
    if ([IO.Directory]::Exists($dist)) { [IO.Directory]::Delete($dist, $true) }
    if (-not $NoNative) {
        Invoke-Native dotnet publish, $project, '-c', 'Release', '-o', ([IO.Path]::Combine($dist, "native-$here"))
    }
    if (-not $Quick) {
        foreach ($target in $targets) {
            Invoke-Native dotnet publish, $project, '-c', 'Release', '-r', $target, '-p:PublishAot=false', '-o', ([IO.Path]::Combine($dist, $target))
        }
        Invoke-Native dotnet pack, $project, '-c', 'Release', '-o', ([IO.Path]::Combine($dist, 'tool'))
    }
    [IO.File]::WriteAllText([IO.Path]::Combine($dist, 'SHA256SUMS'), (Get-Sums $dist))
}

# One line a file, in the form that "sha256sum --check" reads, the same on every system.
function Get-Sums([string] $folder) {
    $files = [IO.Directory]::GetFiles($folder, '*', 'AllDirectories') | ForEach-Object { [IO.Path]::GetRelativePath($folder, $_).Replace('\', '/') }
    $files = [string[]] @($files)
    [Array]::Sort($files, [StringComparer]::Ordinal)
    $lines = foreach ($file in $files) {
        $hash = [Security.Cryptography.SHA256]::HashData([IO.File]::ReadAllBytes([IO.Path]::Combine($folder, $file)))
        [Convert]::ToHexString($hash).ToLowerInvariant() + "  $file`n"
    }
    -join $lines
}

function Test-Reproducible {
    $temporary = [IO.Directory]::CreateTempSubdirectory('rotato-').FullName
    try {
        # Folders of different depth and length: a path that slips into a file also shifts what comes after it.
        $clones = [IO.Path]::Combine($temporary, 'a'), [IO.Path]::Combine($temporary, 'another', 'folder', 'rotato')
        foreach ($clone in $clones) {
            Invoke-Native git clone, '--quiet', '--no-hardlinks', $PSScriptRoot, $clone
            Publish-All $clone ([IO.Path]::Combine($clone, 'dist'))
        }
        $sums = @($clones | ForEach-Object { [IO.File]::ReadAllText([IO.Path]::Combine($_, 'dist', 'SHA256SUMS')) })
        $sums[0].TrimEnd()
        if ($sums[0] -cne $sums[1]) { throw "The second folder gave other bytes:`n$($sums[1])" }
        'Both folders gave the same bytes.'
    }
    finally {
        # Git makes its object files read-only, and Windows does not delete such files.
        foreach ($file in [IO.Directory]::GetFiles($temporary, '*', 'AllDirectories')) { [IO.File]::SetAttributes($file, 'Normal') }
        [IO.Directory]::Delete($temporary, $true)
    }
}

if ($Reproduce) {
    Test-Reproducible
    return
}

$solution = [IO.Path]::Combine($PSScriptRoot, 'Rotato.sln')
Invoke-Native dotnet restore, $solution
Invoke-Native dotnet format, $solution, '--verify-no-changes', '--no-restore'
Invoke-Native dotnet build, $solution, '-c', 'Release', '--no-restore'
Invoke-Native dotnet test, $solution, '-c', 'Release', '--no-build'

$dist = [IO.Path]::Combine($PSScriptRoot, 'dist')
Publish-All $PSScriptRoot $dist
[IO.File]::ReadAllText([IO.Path]::Combine($dist, 'SHA256SUMS')).TrimEnd()
