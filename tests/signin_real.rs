//! With nothing but the README: from a registered application to a report, on a tenant that is real in everything but
//! its people: the services' own host names, TLS by a private authority, and a proxy on the way.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;
#[path = "support/world.rs"]
mod world;

use support::{Finished, Sandbox, repository};
use world::{Private, Proxy};

/// The README's commands, as a reader copies them.
fn commands() -> Vec<String> {
    let text = std::fs::read_to_string(repository("README.md")).expect("the README");
    let marked = text.split("<!-- first-report -->\n```sh\n").nth(1);
    let block = marked.and_then(|rest| rest.split("\n```").next()).expect("the README's steps");
    block.lines().map(str::to_owned).collect()
}

const TENANT: &str = "[tenant]
id = '7d3e7a10-4c5b-4f2e-8a61-3b7c9d0e1f24'
name = 'Contoso'
domains = [{ name = 'contoso.example', default = true }, { name = 'contoso.onmicrosoft.com', initial = true }]
[exchange]
ews_enabled = true
allowed_apps = ['3a5c7e91-2b4d-4f60-8192-a3b4c5d6e7f8']
[[application]]
name = 'ewsready'
client_id = '3a5c7e91-2b4d-4f60-8192-a3b4c5d6e7f8'
graph_roles = ['User.Read.All', 'Organization.Read.All', 'MailboxSettings.Read']
exchange_roles = ['full_access_as_app', 'Exchange.ManageAsApp']
admin_role = 'Global Reader'
certificate = '''
CERTIFICATE'''
[[product]]
sku = 'ENTERPRISEPACK'
alias = ['E3']
seats = 10
[defaults]
licences = ['E3']
[[user]]
name = 'Anke Behrens'
[[user]]
name = 'Boris Cramer'
ews_enabled = false
[[user]]
name = 'Carmen Dietz'
licences = []
";

#[test]
fn the_readme_s_steps_lead_to_a_report_over_tls_and_a_proxy() {
    let sandbox = Sandbox::new();
    let private = Private::for_hosts(&["login.microsoftonline.com", "graph.microsoft.com", "outlook.office365.com"]);
    let read = |name: &str| std::fs::read_to_string(repository(name)).expect("a file");
    let certificate = read("tests/clients/assertion.crt.pem");
    sandbox.write("ewsready.pem", read("tests/clients/assertion.key.pem") + &certificate);
    sandbox.write("users.csv", "name,email\nAnke,anke.behrens@contoso.example\nBoris,boris.cramer@contoso.example\nCarmen,carmen.dietz@contoso.example\n");
    let tenant = sandbox.write("tenant.toml", TENANT.replace("CERTIFICATE", &certificate)).display().to_string();
    let tls = sandbox.write("tls.crt", &private.certificate).display().to_string();
    let key = sandbox.write("tls.key", &private.key).display().to_string();
    sandbox.write("root.pem", &private.root);
    let simulator = sandbox.simulator(&[&tenant, "--tls-cert", &tls, "--tls-key", &key]);
    let proxy = Proxy::start(simulator.url.trim_start_matches("https://").parse().expect("an address"), None);
    let run = |command: &str, roots: bool| {
        let own = command.replace("00000000-0000-0000-0000-000000000000", "3a5c7e91-2b4d-4f60-8192-a3b4c5d6e7f8");
        let words: Vec<_> = own.split_whitespace().skip(1).collect();
        let mut command = sandbox.command(&words);
        // The surroundings of such a company: a proxy, and roots of its own.
        command
            .env("HTTPS_PROXY", proxy.url())
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .env_remove("EWSREADY_NOW");
        if roots {
            command.env("EWSREADY_TENANTS_CONTOSO_NETWORK_CA_FILES", "root.pem");
        }
        Finished(command.output().expect("the program starts"))
    };
    let commands = commands();
    let [init, doctor, assess] = commands.as_slice() else { panic!("three steps: {commands:?}") };
    run(init, true).expect(0);
    // Without the company's roots the reason is said at once.
    let said = run(doctor, false);
    assert_ne!(said.code(), 0);
    assert!(said.stdout().contains("no secure connection to login.microsoftonline.com"), "{}", said.stdout());
    let said = run(doctor, true).expect(0).stdout();
    assert!(said.contains("The assessment can run.") && said.contains("graph.microsoft.com"), "{said}");
    run(assess, true).expect(0);
    let rows = sandbox.csv("readiness/readiness.csv");
    let column = |name: &str| rows.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("verdict"), ["move_to_graph_eac", "move_to_graph_eac", "needs_license_upgrade"]);
    assert_eq!(column("ews_today")[..2], ["works", "refused_switch"]);
    let tunnels = proxy.seen.lock().expect("the list").clone();
    for host in ["login.microsoftonline.com:443", "graph.microsoft.com:443", "outlook.office365.com:443"] {
        assert!(tunnels.contains(&format!("CONNECT {host}")), "{tunnels:?}");
    }
}
