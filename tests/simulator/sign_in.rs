//! Signing in: assertions signed by a certificate or made by a federated issuer, and device codes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ewsready::simulator::{Faults, Tenant};
use ring::{digest, rand, rsa, signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};

use crate::support::Served;

const WITH_CERTIFICATE: &str = "10000000-0000-4000-8000-000000000002";
const FEDERATED: &str = "10000000-0000-4000-8000-000000000003";
const OPERATORS: &str = "10000000-0000-4000-8000-000000000004";
const NOW: i64 = 1_795_161_600;

async fn served() -> Served {
    let text = include_str!("../clients/sign-in.toml");
    Served::new(Tenant::from_toml("sign-in.toml", text).unwrap_or_else(|error| panic!("{error}")), Faults::default())
        .await
}

/// A JWT signed with the key that lies beside the tenant file.
fn signed(algorithm: &str, head: Value, body: &Value) -> String {
    let pem = include_bytes!("../clients/assertion.key.pem");
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem).unwrap_or_else(|error| panic!("{error}"));
    let key = rsa::KeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap_or_else(|error| panic!("{error}"));
    let mut head = head;
    head["alg"] = json!(algorithm);
    let text = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(body.to_string()));
    let padding: &dyn signature::RsaEncoding =
        if algorithm == "PS256" { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
    let mut signed = vec![0; key.public().modulus_len()];
    key.sign(padding, &rand::SystemRandom::new(), text.as_bytes(), &mut signed)
        .unwrap_or_else(|error| panic!("{error}"));
    format!("{text}.{}", BASE64.encode(signed))
}

fn thumbprint(algorithm: &'static digest::Algorithm) -> String {
    let pem = include_bytes!("../clients/assertion.crt.pem");
    let certificate = CertificateDer::from_pem_slice(pem).unwrap_or_else(|error| panic!("{error}"));
    BASE64.encode(digest::digest(algorithm, &certificate))
}

impl Served {
    fn token_url(&self) -> String {
        self.url(&format!("/{}/oauth2/v2.0/token", self.tenant.application().tenant_id))
    }

    fn claims(&self) -> Value {
        json!({"aud": self.token_url(), "iss": WITH_CERTIFICATE, "sub": WITH_CERTIFICATE, "jti": "1", "nbf": NOW, "iat": NOW, "exp": NOW + 600})
    }

    /// The AADSTS code, or 0 when a token came.
    async fn assert(&self, client_id: &str, assertion: &str) -> i64 {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        let body = self.post_form(&self.token_url(), &form).await;
        assert_eq!(body["access_token"].is_string(), body["error"].is_null(), "{body}");
        body["error_codes"][0].as_i64().unwrap_or_default()
    }
}

#[tokio::test]
async fn a_certificate_assertion_is_looked_at_from_all_sides() {
    let served = served().await;
    let (long, short) = (thumbprint(&digest::SHA256), thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY));
    let good = served.claims();
    let with = |key: &str, value: Value| {
        let mut claims = good.clone();
        claims[key] = value;
        claims
    };
    let head = json!({"typ": "JWT", "x5t#S256": long});
    let sent = signed("PS256", head.clone(), &good);
    let other = BASE64.encode(json!({"alg": "PS256", "x5t#S256": long, "kid": "1"}).to_string());
    let changed = format!("{other}.{}", sent.split_once('.').map_or("", |(_, rest)| rest));
    let cases = [
        ("the current form", signed("PS256", head.clone(), &good), 0),
        ("RS256 is taken as well", signed("RS256", head.clone(), &good), 0),
        ("the older thumbprint", signed("RS256", json!({"x5t": short}), &good), 0),
        ("another certificate", signed("PS256", json!({"x5t#S256": short}), &good), 700_027),
        ("no thumbprint", signed("PS256", json!({}), &good), 700_027),
        ("a head changed after signing", changed, 700_027),
        ("another audience", signed("PS256", head.clone(), &with("aud", json!("https://fabrikam.example"))), 700_023),
        ("expired", signed("PS256", head.clone(), &with("exp", json!(NOW - 1))), 700_024),
        ("not yet", signed("PS256", head.clone(), &with("nbf", json!(NOW + 1000))), 700_024),
        ("fractions of seconds", signed("PS256", head.clone(), &with("exp", json!(NOW as f64 + 300.5))), 0),
        ("another subject", signed("PS256", head, &with("sub", json!("x"))), 50_027),
        ("no JWT", "abc".to_owned(), 50_027),
    ];
    for (what, assertion, code) in cases {
        assert_eq!(served.assert(WITH_CERTIFICATE, &assertion).await, code, "{what}");
    }
}

#[tokio::test]
async fn a_federated_assertion_must_match_issuer_subject_and_audience() {
    let served = served().await;
    let good = json!({"iss": "https://cluster.fabrikam.example", "sub": "system:serviceaccount:ewsready:assess", "aud": ["api://AzureADTokenExchange"], "exp": NOW + 60});
    for (key, value, code) in [
        ("aud", json!("api://AzureADTokenExchange"), 0),
        ("aud", json!("api://else"), 70_021),
        ("sub", json!("system:serviceaccount:default:default"), 70_021),
        ("iss", json!("https://elsewhere.example"), 70_021),
        ("exp", json!(NOW - 60), 700_024),
    ] {
        let mut claims = good.clone();
        claims[key] = value.clone();
        assert_eq!(served.assert(FEDERATED, &signed("RS256", json!({}), &claims)).await, code, "{key} = {value}");
    }
}

#[tokio::test]
async fn a_device_code_goes_through_its_states() {
    let served = served().await;
    let start = |client: &'static str| {
        let url = served.url(&format!("/{}/oauth2/v2.0/devicecode", served.tenant.application().tenant_id));
        let served = &served;
        async move {
            served
                .post_form(
                    &url,
                    &[("client_id", client), ("scope", "https://graph.microsoft.com/User.Read.All offline_access")],
                )
                .await
        }
    };
    let poll = |code: String| {
        let (url, served) = (served.token_url(), &served);
        async move {
            let form = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("client_id", OPERATORS),
                ("device_code", code.as_str()),
            ];
            served.post_form(&url, &form).await
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let begun = start(OPERATORS).await;
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(900), &json!(5)));
    assert_eq!(poll(text(&begun["device_code"])).await["error"], "authorization_pending");
    assert_eq!(poll(text(&begun["device_code"])).await["error"], "slow_down");
    let decide = |code: String, answer: &'static str| {
        served.get_text(format!("/devicelogin?user_code={code}&answer={answer}&user=alma.reuter@contoso.example"))
    };
    decide(text(&begun["user_code"]), "approve").await;
    let token = poll(text(&begun["device_code"])).await;
    assert!(token["access_token"].is_string() && token["refresh_token"].is_string(), "{token}");
    assert_eq!(poll(text(&begun["device_code"])).await["error"], "bad_verification_code");
    let refresh =
        [("grant_type", "refresh_token"), ("client_id", OPERATORS), ("refresh_token", &text(&token["refresh_token"]))];
    assert!(served.post_form(&served.token_url(), &refresh).await["access_token"].is_string());
    let other = start(OPERATORS).await;
    decide(text(&other["user_code"]), "decline").await;
    assert_eq!(poll(text(&other["device_code"])).await["error"], "authorization_declined");
}

#[tokio::test]
async fn the_tenant_id_is_found_from_a_domain_without_a_token() {
    let served = served().await;
    let found: Value = serde_json::from_str(
        &served.get_text("/Contoso.Example/v2.0/.well-known/openid-configuration".to_owned()).await,
    )
    .unwrap_or_default();
    let id = served.tenant.application().tenant_id;
    assert_eq!(found["issuer"], served.url(&format!("/{id}/v2.0")));
    assert_eq!(found["tenant_region_scope"], "EU");
}
