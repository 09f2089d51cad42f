//! Refusals of the token endpoint: OAuth words, AADSTS numbers (Microsoft Entra: authentication error codes).

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::simulator::call::{Answer, Call, json as reply};
use crate::simulator::server::State;

/// Why no token is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    Missing(&'static str),
    GrantUnsupported(String),
    TenantUnknown(String),
    CommonNotAllowed,
    ApplicationUnknown(String, String),
    ApplicationDisabled,
    /// The tenant file wants this code.
    Refused(u32),
    NoCredential,
    PublicClient,
    NotPublic,
    SecretWrong(Uuid),
    SecretExpired(Uuid),
    AssertionMalformed,
    AssertionSignature(String),
    AssertionTime,
    AssertionAudience,
    NoFederatedCredential(String),
    ScopeInvalid(String),
    SeveralResources,
    NotDefault(String),
    ResourceUnknown(String),
    Pending,
    Declined,
    DeviceCodeBad,
    DeviceCodeExpired,
    SlowDown,
    RefreshTokenBad,
}

impl Problem {
    /// OAuth word, AADSTS number, text, HTTP status.
    fn parts(&self) -> (&'static str, u32, String, u16) {
        let invalid = |code, text: String| ("invalid_request", code, text, 400);
        let client = |code, text: String| ("invalid_client", code, text, 401);
        match self {
            Self::Missing(field) => invalid(900144, format!("The request body must contain the following parameter: '{field}'.")),
            Self::GrantUnsupported(grant) => ("unsupported_grant_type", 70003, format!("The app requested an unsupported grant type '{grant}'."), 400),
            Self::TenantUnknown(name) => invalid(90002, format!("Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.")),
            Self::CommonNotAllowed => invalid(50194, "Application is not configured as a multi-tenant application. Use a tenant-specific endpoint.".to_owned()),
            Self::ApplicationUnknown(id, tenant) => ("unauthorized_client", 700016, format!("Application with identifier '{id}' was not found in the directory '{tenant}'."), 400),
            Self::ApplicationDisabled => ("unauthorized_client", 7000112, "Application is disabled.".to_owned(), 400),
            Self::Refused(code) => refused(*code),
            Self::NoCredential => client(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.".to_owned()),
            Self::PublicClient => client(700025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.".to_owned()),
            Self::NotPublic => client(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'. The application is not enabled for public client flows.".to_owned()),
            Self::SecretWrong(app) => client(7000215, format!("Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'.")),
            Self::SecretExpired(app) => client(7000222, format!("The provided client secret keys for app '{app}' are expired.")),
            Self::AssertionMalformed => client(50027, "JWT token is invalid or malformed.".to_owned()),
            Self::AssertionSignature(why) => client(700027, format!("Client assertion failed signature validation. {why}")),
            Self::AssertionTime => client(700024, "Client assertion is not within its valid time range.".to_owned()),
            Self::AssertionAudience => client(700023, "Client assertion audience claim does not match Realm issuer.".to_owned()),
            Self::NoFederatedCredential(why) => client(70021, format!("No matching federated identity record found for presented assertion. {why}")),
            Self::ScopeInvalid(scope) => ("invalid_scope", 70011, format!("The provided value for the input parameter 'scope' is not valid. The scope '{scope}' is not valid."), 400),
            Self::SeveralResources => invalid(28000, "Provided value for the input parameter scope is not valid because it contains more than one resource.".to_owned()),
            Self::NotDefault(scope) => ("invalid_scope", 1002012, format!("The provided value for scope '{scope}' is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier."), 400),
            Self::ResourceUnknown(resource) => ("invalid_resource", 500011, format!("The resource principal named {resource} was not found in the tenant."), 400),
            Self::Pending => ("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.".to_owned(), 400),
            Self::Declined => ("authorization_declined", 70000, "The user declined the request.".to_owned(), 400),
            Self::DeviceCodeBad => ("bad_verification_code", 70018, "Invalid verification code due to User typing in wrong user code for device code flow.".to_owned(), 400),
            Self::DeviceCodeExpired => ("expired_token", 70019, "Verification code expired.".to_owned(), 400),
            Self::SlowDown => ("slow_down", 70016, "OAuth 2.0 device flow error. The client polls too fast.".to_owned(), 400),
            Self::RefreshTokenBad => ("invalid_grant", 70008, "The refresh token has expired or is not valid.".to_owned(), 400),
        }
    }

    /// The answer as the token endpoint words it.
    pub(super) fn answer(&self, state: &State, call: &Call) -> Answer {
        let (error, code, text, status) = self.parts();
        let timestamp = state.clock.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let trace = Uuid::new_v4();
        let correlation =
            call.header("client-request-id").and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_else(Uuid::new_v4);
        let body = json!({
            "error": error,
            "error_description": format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace.to_string(),
            "correlation_id": correlation.to_string(),
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        reply(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body)
    }
}

/// Words for the codes that a tenant file may ask for.
fn refused(code: u32) -> (&'static str, u32, String, u16) {
    let (error, text, status) = match code {
        53003 | 530_032 | 50131 => (
            "invalid_grant",
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
            400,
        ),
        50076 | 50079 | 50158 => (
            "interaction_required",
            "Due to a configuration change made by your administrator, you must use multi-factor authentication.",
            400,
        ),
        65001 => ("invalid_grant", "The user or administrator has not consented to use the application.", 400),
        500_011 | 650_052 | 650_057 => ("invalid_resource", "The resource principal was not found in the tenant.", 400),
        50196 => {
            ("invalid_request", "The server terminated an operation because it encountered a client request loop.", 400)
        }
        50033 | 90006 | 90012 | 90024 | 90033 | 90090 => {
            ("temporarily_unavailable", "A transient error has occurred. Please try again.", 503)
        }
        90055 => ("temporarily_unavailable", "The tenant is throttled.", 429),
        900_382 | 900_432 | 90038 => {
            ("invalid_request", "Confidential Client is not supported in Cross Cloud request.", 400)
        }
        _ => ("unauthorized_client", "The request was refused.", 400),
    };
    (error, code, text.to_owned(), status)
}
