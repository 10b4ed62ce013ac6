<powershell>
Set-Item -Path WSMan:\localhost\Service\Auth\Basic -Value $true
</powershell>
