//! `remediation.ps1` and `export-exchange.ps1`: what a person will run.

use ewsready::report::{Templates, powershell};

use super::fixture;

fn script() -> String {
    let (view, _rows) = fixture::view();
    let mut out = Vec::new();
    powershell::write(&view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The script without comments and without verbatim literals: all that is left is code of the template.
fn code(script: &str) -> String {
    let quotes = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];
    let mut code = String::new();
    for line in script.lines() {
        let mut inside = false;
        for c in line.chars() {
            if quotes.contains(&c) {
                inside = !inside;
            } else if c == '#' && !inside {
                break;
            } else if !inside {
                code.push(c);
            }
        }
        assert!(!inside, "a literal is open at the end of {line:?}");
        code.push('\n');
    }
    code
}

#[test]
fn nothing_is_changed_without_being_asked() {
    let script = script();
    let changing = ["Set-CASMailbox", "Set-MgUserLicense", "Set-OrganizationConfig", "Add-MailboxFolderPermission"];
    for (number, line) in script.lines().enumerate() {
        if !line.trim_start().starts_with('#') && changing.iter().any(|command| line.contains(command)) {
            let whole = format!("{line} {}", script.lines().nth(number + 1).unwrap_or_default());
            assert!(whole.contains("-WhatIf:$dryRun"), "{line}");
        }
    }
    assert!(script.contains("$dryRun = -not $Apply"));
}

#[test]
fn each_cause_gets_its_commands_or_a_word_why_not() {
    let script = script();
    for command in ["Enable-ExchangePlan $one", "Add-Product $one $product", "-EwsApplicationAccessPolicy $null"] {
        assert!(script.contains(command), "{command}");
    }
    let lost = script.split("# identity/not-in-directory").nth(1).unwrap();
    assert!(lost.split("# ====").nth(1).unwrap().contains("No command"));
    assert!(!script.contains("graph/answers"), "the move is no remedy");
}

#[test]
fn the_application_list_is_written_whole() {
    let script = script();
    assert!(script.contains("-RetrieveEwsOperationAccessPolicy"));
    assert!(script.contains("'77777777-1111-4222-8333-444444444444'"));
}

#[test]
fn no_text_from_outside_becomes_code() {
    let evil = "x'; Remove-Mailbox * # ’ $(exit)\r\nRemove-Item C:\\ `\u{2028}";
    let code = code(&super::parsed::script_with(evil));
    for word in ["Remove-Mailbox", "Remove-Item", "exit"] {
        assert!(!code.contains(word), "{word} is code");
    }
    assert!(code.contains("Add-EwsApplication"), "the template's own code is");
}

#[test]
fn the_export_reads_with_the_switch_and_changes_nothing() {
    let mut out = Vec::new();
    powershell::write_export(&Templates::default(), &mut out).unwrap();
    let script = String::from_utf8(out).unwrap();
    assert!(script.starts_with('\u{feff}'), "Windows PowerShell needs the mark");
    assert!(script.contains("Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy"));
    for verb in ["Set-Mailbox", "Set-CASMailbox", "Set-OrganizationConfig", "Remove-"] {
        assert!(!script.contains(verb), "{verb}");
    }
}
