//! `wrk` with the requests an assessment puts, in its proportions: for every thousand mailboxes a page of users, a page of
//! either kind of mailbox settings, fifty batches of twenty, and one Autodiscover and one EWS request each.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::support::{Cores, Simulator};

const SELECT: &str = "id,userPrincipalName,mail,proxyAddresses,displayName,accountEnabled,userType,usageLocation,\
onPremisesSyncEnabled,createdDateTime,assignedLicenses,assignedPlans,licenseAssignmentStates";
/// Mailboxes a script goes round.
const ROUND: usize = 1000;

/// How many requests a second the simulator answers to `wrk`.
///
/// # Errors
/// Why there is no number: it is not installed, or its answer is not understood.
pub fn requests_a_second(simulator: &Simulator, folder: &Path, cores: Cores) -> Result<f64, String> {
    if Command::new("wrk").arg("-v").output().is_err() {
        return Err("wrk is not installed (apt install wrk)".to_owned());
    }
    let script = folder.join("mix.lua");
    std::fs::write(&script, lua(simulator, folder)?).map_err(|error| error.to_string())?;
    let run = cores
        .command("wrk")
        .args([&format!("-t{}", cores.count().min(2)), "-c64", "-d15s", "--timeout", "30s", "-s"])
        .args([&script])
        .arg(&simulator.url)
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&run.stdout);
    if let Some(line) = said.lines().find(|line| line.contains("Non-2xx")) {
        eprintln!("  wrk: {}", line.trim());
    }
    let rate = said.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok());
    rate.ok_or_else(|| format!("wrk said: {said}{}", String::from_utf8_lossy(&run.stderr)))
}

fn lua(simulator: &Simulator, folder: &Path) -> Result<String, String> {
    let roster = std::fs::read_to_string(folder.join("roster.csv")).map_err(|error| error.to_string())?;
    let addresses: Vec<&str> =
        roster.lines().skip(1).filter_map(|line| line.split(',').find(|cell| cell.contains('@'))).take(ROUND).collect();
    let graph = format!("Bearer {}", token(simulator, "https://graph.microsoft.com/.default")?);
    let exchange = format!("Bearer {}", token(simulator, "https://outlook.office365.com/.default")?);
    let mut requests = vec![request("GET", &format!("/v1.0/users?$select={SELECT}&$top=999"), &graph, &[], "")];
    for cmdlet in ["Get-CASMailbox", "Get-Mailbox"] {
        let path = format!("/adminapi/beta/{}/InvokeCommand", simulator.text("tenant"));
        let body = format!(
            "{{\"CmdletInput\":{{\"CmdletName\":\"{cmdlet}\",\"Parameters\":{{\"ResultSize\":\"Unlimited\"}}}}}}"
        );
        let headers = [("content-type", "application/json"), ("prefer", "odata.maxpagesize=1000")];
        requests.push(request("POST", &path, &exchange, &headers, &body));
    }
    for twenty in addresses.chunks(20) {
        let part = |(id, address): (usize, &&str)| {
            format!("{{\"id\":\"{id}\",\"method\":\"GET\",\"url\":\"/users/{address}/mailboxSettings/userPurpose\"}}")
        };
        let parts: Vec<String> = twenty.iter().enumerate().map(part).collect();
        let body = format!("{{\"requests\":[{}]}}", parts.join(","));
        requests.push(request("POST", "/v1.0/$batch", &graph, &[("content-type", "application/json")], &body));
        for address in twenty {
            let path = format!("/autodiscover/autodiscover.json?Email={address}&Protocol=EWS");
            requests.push(request("GET", &path, "", &[("accept", "application/json")], ""));
            let headers = [("content-type", "text/xml; charset=utf-8"), ("x-anchormailbox", address)];
            requests.push(request("POST", "/EWS/Exchange.asmx", &exchange, &headers, &get_folder(address)));
        }
    }
    Ok(format!(
        "local all = {{\n{}}}\nlocal prepared, at = {{}}, 0\nfunction init()\n  for i, r in ipairs(all) do\n    \
         prepared[i] = wrk.format(r[1], r[2], r[3], r[4])\n  end\n  at = math.random(#prepared)\nend\n\
         function request()\n  at = at % #prepared + 1\n  return prepared[at]\nend\n",
        requests.concat()
    ))
}

fn request(method: &str, path: &str, authorization: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut table = String::new();
    let signed = Some(("authorization", authorization)).filter(|(_, value)| !value.is_empty());
    for (name, value) in headers.iter().copied().chain(signed).chain([("user-agent", "ewsready/bench")]) {
        let _ = write!(table, "[\"{name}\"]=[==[{value}]==],");
    }
    let body = if body.is_empty() { "nil".to_owned() } else { format!("[==[{body}]==]") };
    format!("  {{\"{method}\",[==[{path}]==],{{{table}}},{body}}},\n")
}

fn get_folder(address: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\">\
         <s:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/><t:ExchangeImpersonation><t:ConnectingSID>\
         <t:SmtpAddress>{address}</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header>\
         <s:Body><m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>\
         <m:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>"
    )
}

fn token(simulator: &Simulator, scope: &str) -> Result<String, String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", simulator.text("client_id")),
        ("client_secret", simulator.text("client_secret")),
        ("scope", scope),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", simulator.url, simulator.text("tenant"));
    let answer: serde_json::Value = runtime
        .block_on(async {
            let client = reqwest::Client::builder().no_proxy().build()?;
            client.post(url).form(&form).send().await?.json().await
        })
        .map_err(|error| error.to_string())?;
    answer["access_token"].as_str().map(str::to_owned).ok_or_else(|| format!("no token: {answer}"))
}
