//! A server that nobody vouches for (a proxy that looks into TLS without its root being known here, for example), and a
//! system that vouches for nobody.

mod support;

use support::{Finished, Sandbox};

#[test]
fn an_untrusted_certificate_is_named_at_once_and_not_waited_for() {
    let sandbox = Sandbox::new();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let issued = rcgen::generate_simple_self_signed(names).unwrap();
    sandbox.write("server.pem", issued.cert.pem());
    sandbox.write("server.key", issued.signing_key.serialize_pem());
    let simulator = sandbox.simulator(&["--tls-cert", "server.pem", "--tls-key", "server.key"]);
    // Were it waited for, it would be tried again until this time is over.
    simulator.config(&sandbox, "pace = { patience_seconds = 20 }");
    sandbox.write("roster.csv", "Email\nalma.reuter@contoso.example\n");
    let untrusted = sandbox.run(&["assess", "roster.csv", "--tenant", "sim", "--format", "csv"]);
    let said = untrusted.stderr();
    assert!(said.contains("no secure connection to 127.0.0.1"), "{said}");
    assert!(said.contains("--ca-file"), "{said}");
    assert!(!said.contains("tried"), "{said}");
    // With its root it is a server like others.
    let trusted = ["assess", "roster.csv", "--tenant", "sim", "--format", "csv", "--ca-file", "server.pem"];
    sandbox.run(&trusted).expect(0);
}

/// As in an empty container. Only on Linux can a test take the system's roots away.
#[cfg(target_os = "linux")]
#[test]
fn without_any_trusted_root_the_demo_runs_and_a_tenant_says_what_is_missing() {
    let sandbox = Sandbox::new();
    let none = sandbox.write("none.pem", "");
    let doctor = |tenant: &str| {
        let mut command = sandbox.command(&["doctor", "--tenant", tenant]);
        command.env("SSL_CERT_FILE", &none).env_remove("SSL_CERT_DIR");
        Finished(command.output().expect("the program starts"))
    };
    doctor("demo").expect(0);
    sandbox.simulator(&[]).config(&sandbox, "");
    let said = doctor("sim").expect(2).stderr();
    assert!(said.contains("No CA certificates were loaded from the system"), "{said}");
    assert!(said.contains("--ca-file"), "{said}");
}
