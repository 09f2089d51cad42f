//! Entra's error codes that this program meets, each with a plain sentence of its own and the next step.
//! Source: Microsoft identity platform, authentication and authorization error codes.

/// What a code asks of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Somebody has to change something.
    Fatal,
    /// Fewer requests.
    Throttled,
    /// Try again.
    Transient,
}

/// One code.
#[derive(Debug)]
pub struct Code {
    /// The number after `AADSTS`.
    pub number: u32,
    /// What it asks.
    pub class: Class,
    /// What happened.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// The code of a number, if this program knows it.
#[must_use]
pub fn find(number: u32) -> Option<&'static Code> {
    CODES.iter().find(|code| code.number == number)
}

const fn fatal(number: u32, meaning: &'static str, remedy: &'static str) -> Code {
    Code { number, class: Class::Fatal, meaning, remedy }
}

const fn again(number: u32, class: Class, meaning: &'static str) -> Code {
    Code { number, class, meaning, remedy: "wait, then run the same command again" }
}

const ASSERTION: &str = "check that certificate and private key belong together, that the certificate is uploaded to the \
    app registration, and that this computer's clock is right";
const TIME: &str = "set this computer's clock right, or renew the token that is exchanged";
const POLICY: &str = "ask the tenant's administrator for an exception in Conditional Access for this application, or run \
    from a place the policy allows";
const CLOUD: &str = "set `cloud` of the tenant to the cloud it lives in";
const FAULT: &str = "this is a fault of ewsready: please report it with the code";
const GRANT: &str = "check under Enterprise applications that Exchange Online and Microsoft Graph are there, and grant the \
    application's permissions again";
const PERSON: &str = "sign in with an account of this tenant";
const OWN: &str = "set `tenant` to the tenant's id or domain";
const MATCH: &str = "compare it with Certificates & secrets, Federated credentials, in the app registration";
const AGAIN: &str = "start the sign-in again";

const CODES: &[Code] = &[
    fatal(7_000_215, "the client secret is wrong", "copy the secret's value, not its ID, or create a new one"),
    fatal(7_000_222, "the client secret has expired", "create a new secret in the app registration"),
    fatal(7_000_112, "the application is disabled", "enable it under Enterprise applications"),
    fatal(
        70_001,
        "the application is disabled or unknown",
        "check `client_id`, and enable it under Enterprise applications",
    ),
    fatal(700_016, "the application is not known in this tenant", "check `client_id`, `tenant` and `cloud`"),
    fatal(90_002, "the tenant was not found", "check `tenant`; if it is right, its `cloud` is not"),
    fatal(900_382, "the application's credential does not count in the tenant's cloud", CLOUD),
    fatal(900_432, "the application belongs to another cloud than the tenant", CLOUD),
    fatal(90_038, "the tenant lives in a national cloud", CLOUD),
    fatal(50_034, "the account is not in this directory", PERSON),
    fatal(51_004, "the account does not exist in this tenant", PERSON),
    fatal(50_020, "the account belongs to another organization and is no guest here", PERSON),
    fatal(50_076, "the sign-in needs multi-factor authentication", "sign in with `device-code` at a browser"),
    fatal(50_079, "the account has no second factor yet", "register one, then sign in again"),
    fatal(50_158, "the sign-in needs a challenge outside Entra", "sign in with `device-code` at a browser"),
    fatal(53_003, "Conditional Access blocks this sign-in", POLICY),
    fatal(530_032, "a security policy of the tenant blocks this sign-in", POLICY),
    fatal(50_131, "Conditional Access refused this sign-in for its device, place or risk", POLICY),
    fatal(
        65_001,
        "nobody has consented to the application's permissions",
        "grant admin consent in the app registration",
    ),
    fatal(500_011, "the service is not present in this tenant", GRANT),
    fatal(650_052, "the tenant has no subscription to the service", GRANT),
    fatal(650_057, "the service is not among the application's permissions", GRANT),
    fatal(700_027, "the certificate's signature was not accepted", ASSERTION),
    fatal(50_012, "the certificate or its signature could not be validated", ASSERTION),
    fatal(50_027, "the assertion is not a token Entra can read", "renew the token that is exchanged"),
    fatal(700_023, "the assertion was made for another tenant or cloud", "check `tenant` and `cloud`"),
    fatal(700_024, "the assertion is not valid at this time", TIME),
    fatal(500_133, "the assertion has expired or begins in the future", TIME),
    fatal(70_021, "no federated credential of the application matches the token", MATCH),
    fatal(700_211, "no federated credential of the application has the token's issuer", MATCH),
    fatal(700_212, "no federated credential of the application has the token's audience", MATCH),
    fatal(700_213, "no federated credential of the application has the token's subject", MATCH),
    fatal(
        700_229,
        "only an application's own token may be exchanged here",
        "use a token made for the workload, not a person's",
    ),
    fatal(50_001, "the service is not known by this name in the cloud", CLOUD),
    fatal(70_011, "the scope is not valid", FAULT),
    fatal(28_002, "the scope is not valid for an access token", FAULT),
    fatal(28_000, "the scope names more than one service", FAULT),
    fatal(700_022, "several services were asked for at once", FAULT),
    fatal(1_002_012, "the scope does not end in /.default", FAULT),
    fatal(
        7_000_218,
        "no credential was sent, or the registration allows no public client",
        "set `credential`; for `device-code` allow public client flows under Authentication",
    ),
    fatal(
        700_025,
        "the application is a public client and takes no credential",
        "use `device-code`, or another registration",
    ),
    fatal(50_194, "the application serves one tenant and was asked for at the address of all", OWN),
    fatal(90_124, "the service is not given out at the address of all tenants", OWN),
    fatal(9_001_023, "an application cannot sign in at the address of all tenants", OWN),
    fatal(70_000, "the sign-in was declined", AGAIN),
    fatal(70_008, "the sign-in of the person has ended", AGAIN),
    fatal(70_016, "nobody has approved the sign-in yet", "open the page that was shown, and enter the code"),
    fatal(70_018, "the device code was not accepted", AGAIN),
    fatal(70_019, "the device code has expired", AGAIN),
    again(50_196, Class::Throttled, "Entra saw too many equal token requests"),
    again(90_055, Class::Throttled, "Entra throttles this tenant"),
    again(50_033, Class::Transient, "Entra had a passing fault"),
    again(90_006, Class::Transient, "a server outside Entra had a passing fault"),
    again(90_012, Class::Transient, "the request to Entra timed out"),
    again(90_024, Class::Transient, "Entra took longer than it allows itself"),
    again(90_033, Class::Transient, "the directory behind Entra is away"),
    again(90_090, Class::Transient, "Entra could not ask the directory for a moment"),
    again(70_012, Class::Transient, "the sign-in of personal accounts had a passing fault"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes a run can meet, from Microsoft's list.
    const KNOWN: [u32; 51] = [
        7_000_215, 7_000_222, 7_000_112, 70_001, 700_016, 90_002, 900_382, 900_432, 90_038, 50_034, 51_004, 50_020,
        50_076, 50_079, 50_158, 53_003, 530_032, 50_131, 65_001, 500_011, 650_052, 650_057, 700_027, 50_012, 700_024,
        500_133, 70_011, 28_002, 700_022, 1_002_012, 7_000_218, 700_025, 50_194, 90_124, 9_001_023, 50_196, 90_055,
        50_033, 90_006, 90_012, 90_024, 90_033, 90_090, 70_012, 70_016, 70_018, 70_019, 70_021, 700_211, 700_229,
        50_001,
    ];

    #[test]
    fn every_code_has_a_sentence_of_its_own_and_a_next_step() {
        for number in KNOWN {
            let code = find(number).unwrap_or_else(|| panic!("AADSTS{number} is not explained"));
            assert!(!code.remedy.is_empty(), "{number}");
        }
        for (index, code) in CODES.iter().enumerate() {
            for other in &CODES[index + 1..] {
                assert_ne!(other.number, code.number);
                assert_ne!(other.meaning, code.meaning, "{} and {}", code.number, other.number);
            }
        }
    }
}
