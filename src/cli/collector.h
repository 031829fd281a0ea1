/* The PowerShell script of `scepstorm diagnose --collect` (collector.ps1), which gathers what `evidence` reads. Read-only, Windows
 * PowerShell 5.1, no module that an NDES server or a CA lacks. ASCII, so that it survives every redirection. */
#ifndef CLI_COLLECTOR_H
#define CLI_COLLECTOR_H

extern const char collector_script[];

#endif
