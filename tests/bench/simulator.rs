//! How fast a generated tenant is served, and what it costs: `cargo bench --bench simulator [-- USERS]`.

use std::sync::Arc;
use std::time::Instant;

use ewsready::simulator::{Options, Tenant, start};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "a crypto provider is installed already")?;
    let users: u32 = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(1_000_000);
    let began = Instant::now();
    let tenant = Arc::new(Tenant::generated(users, 1));
    let known = tenant.application();
    let running = start(Arc::clone(&tenant), Options::default(), ([127, 0, 0, 1], 0).into()).await?;
    println!("{users} accounts: listening after {:?}, {} MB", began.elapsed(), memory("VmRSS")?);
    let client = reqwest::Client::builder().no_proxy().build()?;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &known.client_id),
        ("client_secret", &known.client_secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", running.url(), known.tenant_id);
    let token: Value = client.post(url).form(&form).send().await?.json().await?;
    let token = token["access_token"].as_str().ok_or("no token")?.to_owned();
    for select in ["id,userPrincipalName", FULL] {
        pages(&client, &running.url(), &token, select).await?;
    }
    single(&client, &running.url(), &token, &tenant).await?;
    let began = Instant::now();
    client.get(format!("{}/v1.0/subscribedSkus", running.url())).bearer_auth(&token).send().await?.bytes().await?;
    println!("subscribedSkus, units counted over all accounts: {:?}", began.elapsed());
    println!("at most {} MB, client included", memory("VmHWM")?);
    running.stop().await;
    Ok(())
}

/// What the assessment selects.
const FULL: &str = "id,userPrincipalName,displayName,mail,proxyAddresses,accountEnabled,userType,usageLocation,onPremisesSyncEnabled,createdDateTime,assignedLicenses,assignedPlans,licenseAssignmentStates";

/// Reads the whole list, page by page, as one client does.
async fn pages(client: &reqwest::Client, origin: &str, token: &str, select: &str) -> Result<(), Failure> {
    let mut url = format!("{origin}/v1.0/users?$top=999&$select={select}");
    let (began, mut count, mut bytes) = (Instant::now(), 0_u32, 0);
    loop {
        let body = client.get(&url).bearer_auth(token).send().await?.bytes().await?;
        (count, bytes) = (count + 1, bytes + body.len());
        // Only the link is looked for: the time is to be the server's.
        let text = std::str::from_utf8(&body)?;
        let Some(at) = text.find("\"@odata.nextLink\":\"") else { break };
        url = text.get(at + 19..).and_then(|rest| rest.split('"').next()).ok_or("a broken link")?.to_owned();
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{count} pages of /users with {} properties in {seconds:.2} s: {:.0} pages/s, {:.0} MB/s",
        select.split(',').count(),
        f64::from(count) / seconds,
        bytes as f64 / seconds / 1e6
    );
    Ok(())
}

/// Mailbox questions, 32 at a time.
async fn single(client: &reqwest::Client, origin: &str, token: &str, tenant: &Tenant) -> Result<(), Failure> {
    use futures_util::{StreamExt, TryStreamExt, stream};
    const QUESTIONS: usize = 20_000;
    let addresses: Vec<String> = tenant.roster().take(QUESTIONS).map(|line| line.email).collect();
    let began = Instant::now();
    let asked = stream::iter(addresses).map(|address| async move {
        let url = format!("{origin}/v1.0/users/{address}/mailFolders/inbox?$select=id");
        client.get(url).bearer_auth(token).send().await?.bytes().await
    });
    let count = asked.buffer_unordered(32).try_fold(0_u32, |count, _| async move { Ok(count + 1) }).await?;
    println!("{count} mailbox questions: {:.0}/s", f64::from(count) / began.elapsed().as_secs_f64());
    Ok(())
}

fn memory(field: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(field)).ok_or("no such field")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes / 1024)
}
