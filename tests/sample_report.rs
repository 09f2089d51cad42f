//! `samples/readiness` is what the README's first command leaves, at a moment that stands still: every format, to the
//! byte. After a change that is meant, `EWSREADY_UPDATE=1 cargo test --test sample_report` writes it anew; look at the
//! difference before you commit it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod support;

use support::{Sandbox, repository};

const FILES: [&str; 6] =
    ["readiness.csv", "readiness.json", "readiness.xlsx", "readiness.html", "summary.md", "remediation.ps1"];

fn report() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("samples")).unwrap();
    std::fs::copy(repository("samples/roster.csv"), sandbox.path("samples/roster.csv")).unwrap();
    sandbox.run(&["assess", "samples/roster.csv", "--tenant", "demo", "--out", "readiness"]).expect(4);
    sandbox
}

#[test]
fn the_sample_is_what_the_first_command_leaves() {
    let (one, other) = (report(), report());
    for file in FILES {
        let (made, again) = (one.read(&format!("readiness/{file}")), other.read(&format!("readiness/{file}")));
        assert!(made == again, "{file} is not the same twice");
        let kept = repository("samples/readiness").join(file);
        if std::env::var_os("EWSREADY_UPDATE").is_some() {
            std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
            std::fs::write(&kept, made).unwrap();
        } else {
            assert!(std::fs::read(&kept).unwrap() == made, "{} is not what the program writes now", kept.display());
        }
    }
}
