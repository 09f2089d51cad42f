//! Writes what each target starts from into `corpus/`: answers of the simulated tenant, the fields of a run over it, and
//! the samples and fixtures of the repository. Nothing of it is kept under version control: it is made from what is.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use ewsready::clock::Clock;
use ewsready::collector::{Collector, Services};
use ewsready::evidence::store::{EntryRecord, RosterRecord, Settings, Start, Store, StoreError};
use ewsready::service::autodiscover::Autodiscover;
use ewsready::service::autodiscover::pox::PoxAutodiscover;
use ewsready::service::autodiscover::soap::SoapAutodiscover;
use ewsready::service::entra::{Account, Credential, Entra, OpenId};
use ewsready::service::ews::Ews;
use ewsready::service::exchange_admin::ExchangeAdmin;
use ewsready::service::graph::Graph;
use ewsready::service::graph::mailbox::Probe;
use ewsready::service::supply::ExchangeFacts;
use ewsready::simulator::{self, Tenant};
use ewsready::transport::{Answer, Client, Origins, Pace, Request, Resource, TokenSource, Transport, Wire, WireError};
use ewsready_fuzz::{CUT, FIELDS};
use futures_util::future::BoxFuture;
use tower::ServiceExt;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The simulator called as a function; keeps what it answers.
struct Recording {
    router: axum::Router,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Wire for Recording {
    fn send(&self, request: Request) -> BoxFuture<'_, std::result::Result<Answer, WireError>> {
        let (router, heard) = (self.router.clone(), Arc::clone(&self.heard));
        Box::pin(async move {
            let is_token = request.url.path().ends_with("/token");
            let mut inner = http::Request::builder().method(request.method).uri(request.url.as_str());
            for (name, value) in &request.headers {
                inner = inner.header(name, value);
            }
            let inner = inner.header("host", "sim.localhost").body(Body::from(request.body)).expect("a request");
            let response = router.oneshot(inner).await.expect("the simulator answers");
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
            let mut text = format!("{}\n", parts.status.as_u16()).into_bytes();
            for (name, value) in &parts.headers {
                text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
            }
            text.extend([b"\n", body.as_ref()].concat());
            // The token belongs to the sign-in's own seeds only.
            if !is_token {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
            }
            if is_token {
                let mut last = LAST_TOKEN.lock().unwrap_or_else(PoisonError::into_inner);
                *last = text;
            }
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        })
    }
}

static LAST_TOKEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// A tenant that is asked.
struct World {
    transport: Arc<Transport>,
    client: Arc<Client>,
    entra: Arc<Entra>,
    root: url::Url,
    tenant: String,
    people: Vec<String>,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl World {
    fn new(clock: Clock) -> Result<Self> {
        let tenant = Tenant::demo()?;
        let people = tenant.roster().map(|line| line.email.to_lowercase()).collect();
        let application = tenant.application();
        let options = simulator::Options { clock, ..simulator::Options::default() };
        let heard = Arc::new(Mutex::new(Vec::new()));
        let router = simulator::router(Arc::new(tenant), options);
        let wire = Arc::new(Recording { router, heard: Arc::clone(&heard) });
        let transport = Arc::new(Transport::new(wire, Pace::default(), clock));
        let root: url::Url = "http://sim.localhost/".parse()?;
        let resources = ["https://graph.microsoft.com", "https://outlook.office365.com"];
        let account =
            Account { authority: &root, tenant: &application.tenant_id, client_id: application.client_id, resources };
        let credential = Credential::Secret(application.client_secret.into());
        let entra =
            Entra::new(Arc::clone(&transport), clock, account, credential).map_err(|error| error.to_string())?;
        let entra = Arc::new(entra);
        let origins = Origins { graph: root.clone(), exchange: root.clone(), exchange_hosts: Vec::new() };
        let client = Arc::new(Client::new(Arc::clone(&transport), Arc::clone(&entra) as _, origins));
        Ok(Self { transport, client, entra, root, tenant: application.tenant_id, people, heard })
    }

    /// What was answered since the last call, as one input.
    fn take(&self, question: u8) -> Vec<u8> {
        let heard = std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        [&[question], heard.join(CUT).as_slice()].concat()
    }
}

fn write(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> Result {
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(format!("seed-{name}")), bytes)?)
}

async fn services(world: &World, corpus: &Path) -> Result {
    let graph = Graph::new(Arc::clone(&world.client));
    let keep = |target: &str, name: String, question: u8| write(corpus, target, &name, &world.take(question));
    let mut id = String::new();
    for (at, address) in world.people.iter().enumerate().take(40) {
        let found = graph.find(address, None).await;
        keep("graph", format!("find-{at}"), 3)?;
        if let Some(account) = found.ok().and_then(|accounts| accounts.into_iter().next()) {
            id = account.id;
        }
        drop(graph.open_mailbox(&id, Probe::Purpose).await);
        keep("graph", format!("mailbox-{at}"), 8)?;
        drop(graph.delegates(&id).await);
        keep("graph", format!("delegates-{at}"), 9)?;
        drop(Ews::new(Arc::clone(&world.client)).open_inbox(address).await);
        keep("soap", format!("ews-{at}"), 0)?;
        let pox = PoxAutodiscover::new(Arc::clone(&world.client), world.root.join("/autodiscover/autodiscover.xml")?);
        drop(pox.user_settings(address).await);
        keep("soap", format!("pox-{at}"), 1)?;
        let url = world.root.join("/autodiscover/autodiscover.svc")?;
        drop(SoapAutodiscover::new(Arc::clone(&world.client), url, None).settings(address).await);
        keep("soap", format!("svc-{at}"), 1)?;
        let autodiscover =
            Autodiscover::new(Arc::clone(&world.transport), world.root.clone(), world.root.clone(), Vec::new());
        drop(autodiscover.route(address).await);
        keep("autodiscover", format!("route-{at}"), 0)?;
    }
    drop(graph.users(None).await);
    keep("graph", "users".to_owned(), 0)?;
    drop(graph.deleted_users(None).await);
    keep("graph", "deleted".to_owned(), 1)?;
    drop(graph.count_users().await);
    keep("graph", "count".to_owned(), 2)?;
    drop(graph.identity().await);
    keep("graph", "identity".to_owned(), 4)?;
    drop(graph.skus().await);
    keep("graph", "skus".to_owned(), 5)?;
    drop(graph.applications(&Default::default()).await);
    keep("graph", "applications".to_owned(), 6)?;
    drop(graph.notices().await);
    keep("graph", "notices".to_owned(), 7)?;
    let admin = ExchangeAdmin::new(Arc::clone(&world.client), world.tenant.clone());
    drop(admin.organization().await);
    keep("exchange", "organization".to_owned(), 0)?;
    drop(admin.cas_mailboxes(None).await);
    keep("exchange", "cas".to_owned(), 1)?;
    drop(admin.recipients(None).await);
    keep("exchange", "recipients".to_owned(), 2)?;
    drop(OpenId::of(&world.transport, &world.root, &world.tenant).await);
    keep("sign_in", "openid".to_owned(), 2)?;
    drop(world.entra.fetch(Resource::Graph).await);
    let token = LAST_TOKEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for question in [0_u8, 1, 3, 4, 5] {
        write(corpus, "sign_in", &format!("token-{question}"), &[&[question], token.as_slice()].concat())?;
    }
    Ok(())
}

/// The errors and waits that no healthy tenant gives.
fn refusals(corpus: &Path) -> Result {
    let device = br#"{"device_code":"d","user_code":"ABCD","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":1}"#;
    write(corpus, "sign_in", "device", &[b"\x03", device.as_slice()].concat())?;
    let refused =
        br#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid.","error_codes":[7000215]}"#;
    write(corpus, "sign_in", "refused", &[b"\x00401\n\n", refused.as_slice()].concat())?;
    for (at, wait) in ["3", "2.128", "Fri, 20 Nov 2026 08:00:30 GMT", "2026-11-20T08:01:00Z", "1e9"].iter().enumerate()
    {
        write(corpus, "waits", &format!("plain-{at}"), format!("\0{wait}").as_bytes())?;
        let answers =
            format!("\x00429\nretry-after: {wait}\n\n{{}}\n%%\n200\nx-ms-throttle-limit-percentage: 0.9\n\n7");
        write(corpus, "waits", &format!("answer-{at}"), answers.as_bytes())?;
        let reset = format!("\x00429\nrate-limit-remaining: 0\nrate-limit-reset: {wait}\n\n{{}}");
        write(corpus, "waits", &format!("reset-{at}"), reset.as_bytes())?;
    }
    Ok(())
}

/// A run over the tenant, field by field.
async fn stored(world: &World, clock: Clock, corpus: &Path) -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("s.sqlite");
    let mut store = Store::open(&path)?;
    let start = Start { now: clock.now(), resume_since: None, also: None };
    let settings =
        Settings { cloud: "worldwide".to_owned(), as_of: jiff::civil::date(2026, 11, 20), ..Settings::default() };
    let (run, _) = store.begin::<StoreError>("contoso", &settings, start, |sink| {
        for (row, address) in (1..).zip(&world.people) {
            let (written, address) = (address.clone(), Some(address.clone()));
            sink.push(&EntryRecord { row, subject: Some(row), written, address, ..EntryRecord::default() })?;
        }
        Ok((RosterRecord::default(), "everybody".to_owned()))
    })?;
    let services = Services {
        graph: Graph::new(Arc::clone(&world.client)),
        exchange: ExchangeFacts::from_backend(ExchangeAdmin::new(Arc::clone(&world.client), world.tenant.clone())),
        autodiscover: Some(Autodiscover::new(
            Arc::clone(&world.transport),
            world.root.clone(),
            world.root.clone(),
            Vec::new(),
        )),
        ews: Some(Ews::new(Arc::clone(&world.client))),
        autodiscover_soap: None,
        interest: Default::default(),
        client: Arc::clone(&world.client),
    };
    let collector = Collector::new(services, &store, run.id, clock, Default::default())?;
    Arc::new(collector).collect().await?;
    store.finish(run.id, clock.now())?;
    let connection = rusqlite::Connection::open(&path)?;
    let columns: Vec<String> =
        connection.prepare("SELECT body FROM tenant_fact WHERE run = 1 AND name = ?1").and_then(|mut facts| {
            FIELDS
                .iter()
                .map(|field| {
                    let name = field.split('\'').nth(1).unwrap_or_default();
                    Ok(facts.query_row([name], |row| row.get(0)).unwrap_or_default())
                })
                .collect()
        })?;
    let settings: String = connection.query_row("SELECT settings FROM run", [], |row| row.get(0))?;
    for subject in 1..=world.people.len() {
        let mut fields = columns.clone();
        fields[0].clone_from(&settings);
        let mut bodies = connection.prepare("SELECT question, body FROM observation WHERE subject = ?1")?;
        let mut rows = bodies.query([i64::try_from(subject)?])?;
        while let Some(row) = rows.next()? {
            let question: i64 = row.get(0)?;
            fields[usize::try_from(question)? + 3] = row.get(1)?;
        }
        let joined = fields.join(std::str::from_utf8(CUT)?);
        write(corpus, "store", &format!("subject-{subject}"), &[b"\0", joined.as_bytes()].concat())?;
    }
    Ok(())
}

/// Files of the repository, each as the kind of input it is.
fn files(repository: &Path, corpus: &Path) -> Result {
    let list = |folder: &str| -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(repository.join(folder))?;
        Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect())
    };
    let mut kinds: BTreeMap<&str, Vec<(PathBuf, Vec<u8>)>> = BTreeMap::new();
    for path in list("tests/rosters")?.into_iter().chain([repository.join("samples/roster.csv")]) {
        kinds.entry("roster").or_default().push((path.clone(), Vec::new()));
        // 0 is the Actions, 8 the organization.
        for kind in 0..=8_u8 {
            kinds.entry("exports").or_default().push((path.clone(), vec![kind]));
        }
    }
    kinds.entry("workbook").or_default().push((repository.join("samples/readiness/readiness.xlsx"), vec![31]));
    kinds.entry("workbook").or_default().push((repository.join("samples/readiness/readiness.xlsx"), vec![3]));
    kinds.entry("settings").or_default().push((repository.join("templates/ewsready.toml"), vec![0]));
    kinds.entry("settings").or_default().push((repository.join("samples/plans/weekends.toml"), vec![1]));
    for path in list("samples/tenants")? {
        kinds.entry("settings").or_default().push((path, vec![3]));
    }
    let facts = [
        "clouds.toml",
        "retirement.toml",
        "exchange-plans.csv",
        "products.csv",
        "upgrades.csv",
        "licensing.toml",
        "clients.toml",
        "integrations.toml",
        "recipients.toml",
    ];
    for (at, name) in (0_u8..).zip(facts) {
        kinds.entry("settings").or_default().push((repository.join("src/facts/data").join(name), vec![2, at]));
    }
    for (target, inputs) in kinds {
        for (at, (path, head)) in inputs.iter().enumerate() {
            let text = [head.as_slice(), &fs::read(path)?].concat();
            // Longer inputs than this make every try slow and find nothing more.
            let text = text.get(..64 << 10).unwrap_or(&text);
            write(corpus, target, &format!("file-{at}"), text)?;
        }
    }
    for (at, text) in EXPORTS.iter().enumerate() {
        write(corpus, "exports", &format!("export-{at}"), text.as_bytes())?;
    }
    write(corpus, "workbook", "plain", b"\0")?;
    write(corpus, "workbook", "actions", b"\x1c")
}

/// One small export of each form.
const EXPORTS: [&str; 6] = [
    "\u{8}{\"Name\":\"contoso.onmicrosoft.com\",\"EwsEnabled\":null,\"EwsAllowedAppIDs\":\"a,b\",\"EwsApplicationAccessPolicy\":\"EnforceAllowList\"}",
    "\u{1}\"ExternalDirectoryObjectId\",\"PrimarySmtpAddress\",\"EwsEnabled\",\"EwsBlockList\"\r\n\"1\",\"ada@contoso.example\",\"True\",\"{a, b}\"\r\n",
    "\u{1}<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\"><Props><S N=\"PrimarySmtpAddress\">ada@contoso.example</S><B N=\"EwsEnabled\">true</B><Obj N=\"EwsAllowList\"><LST><S>a_x000D_</S></LST></Obj><Nil N=\"EwsBlockList\"/></Props></Obj></Objs>",
    "\u{2}[{\"PrimarySmtpAddress\":\"ada@contoso.example\",\"RecipientTypeDetails\":\"UserMailbox\",\"ArchiveStatus\":\"Active\",\"GrantSendOnBehalfTo\":[\"bob\"]}]",
    "\u{0}reason,owner,due,comment\nlicence/none,Ada,2027-01-15,asked\n",
    "\u{6}Application ID,SOAP action,Call volume,Last activity\n00000002-0000-0ff1-ce00-000000000000,GetFolder,12,11/19/2026\n",
];

fn main() -> Result {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here.join("corpus");
    files(&here.join("../.."), &corpus)?;
    refusals(&corpus)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let clock = Clock::starting_at("2026-11-20T08:00:00Z".parse()?);
        let world = World::new(clock)?;
        services(&world, &corpus).await?;
        stored(&world, clock, &corpus).await
    })
}
