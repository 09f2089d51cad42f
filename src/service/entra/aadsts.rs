//! Entra's error codes that this program meets, each with a plain sentence and the next step.
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
const POLICY: &str = "ask the tenant's administrator for an exception in Conditional Access for this application, or run \
    from a place the policy allows";
const CLOUD: &str = "set `cloud` of the tenant to the cloud it lives in";
const SCOPE: &str = "this is a fault of ewsready: please report it with the code";
const GRANT: &str = "check under Enterprise applications that Exchange Online and Microsoft Graph are there, and grant the \
    application's permissions again";
const PERSON: &str = "sign in with an account of this tenant";

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
    fatal(900_382, "the application belongs to another cloud than the tenant", CLOUD),
    fatal(900_432, "the application belongs to another cloud than the tenant", CLOUD),
    fatal(90_038, "the tenant lives in another cloud", CLOUD),
    fatal(50_034, "the account is not in this directory", PERSON),
    fatal(51_004, "the account is not in this directory", PERSON),
    fatal(50_020, "the account is not in this directory", PERSON),
    fatal(50_076, "the sign-in needs multi-factor authentication", "sign in with `device-code` at a browser"),
    fatal(50_079, "the sign-in needs multi-factor registration", "register the second factor, then sign in again"),
    fatal(50_158, "the sign-in needs a challenge outside Entra", "sign in with `device-code` at a browser"),
    fatal(53_003, "Conditional Access blocks this sign-in", POLICY),
    fatal(530_032, "a security policy of the tenant blocks this sign-in", POLICY),
    fatal(50_131, "a security policy of the tenant blocks this sign-in", POLICY),
    fatal(
        65_001,
        "nobody has consented to the application's permissions",
        "grant admin consent in the app registration",
    ),
    fatal(500_011, "the service is not present in this tenant", GRANT),
    fatal(650_052, "the tenant has no subscription to the service", GRANT),
    fatal(650_057, "the service is not among the application's permissions", GRANT),
    fatal(700_027, "the certificate's signature was not accepted", ASSERTION),
    fatal(50_012, "the certificate's signature or time was not accepted", ASSERTION),
    fatal(700_024, "the assertion's time was not accepted", ASSERTION),
    fatal(500_133, "the assertion's time was not accepted", ASSERTION),
    fatal(
        70_021,
        "no federated credential of the application matches",
        "compare issuer, subject and audience with the app registration",
    ),
    fatal(
        700_211,
        "no federated credential of the application has this issuer",
        "compare the issuer with the app registration",
    ),
    fatal(
        700_212,
        "no federated credential of the application has this audience",
        "compare the audience with the app registration",
    ),
    fatal(
        700_213,
        "no federated credential of the application has this subject",
        "compare the subject with the app registration",
    ),
    fatal(
        700_229,
        "only an application's own token may be exchanged here",
        "use a token made for the workload, not a person's",
    ),
    fatal(70_011, "the scope was not accepted", SCOPE),
    fatal(28_002, "the scope was not accepted", SCOPE),
    fatal(700_022, "several services were asked for at once", SCOPE),
    fatal(1_002_012, "the scope was not accepted", SCOPE),
    fatal(
        7_000_218,
        "no credential was sent, or the registration allows no public client",
        "set `credential`, or allow public client flows",
    ),
    fatal(
        700_025,
        "the application is a public client and takes no credential",
        "remove the credential or use another registration",
    ),
    fatal(50_194, "the application needs its own tenant's address", "set `tenant` to the tenant's id or domain"),
    fatal(90_124, "the application needs its own tenant's address", "set `tenant` to the tenant's id or domain"),
    fatal(9_001_023, "the application needs its own tenant's address", "set `tenant` to the tenant's id or domain"),
    fatal(70_018, "the device code was not accepted", "start the sign-in again"),
    fatal(70_019, "the device code has expired", "start the sign-in again"),
    again(50_196, Class::Throttled, "Entra saw too many equal token requests"),
    again(90_055, Class::Throttled, "Entra throttles this tenant"),
    again(50_033, Class::Transient, "Entra had a passing fault"),
    again(90_006, Class::Transient, "Entra had a passing fault"),
    again(90_012, Class::Transient, "the request to Entra timed out"),
    again(90_024, Class::Transient, "Entra had a passing fault"),
    again(90_033, Class::Transient, "a service behind Entra is away"),
    again(90_090, Class::Transient, "Entra had a passing fault"),
    again(70_012, Class::Transient, "Entra had a passing fault"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_and_says_something() {
        for (index, code) in CODES.iter().enumerate() {
            assert!(!code.meaning.is_empty() && !code.remedy.is_empty(), "{}", code.number);
            assert!(CODES[index + 1..].iter().all(|other| other.number != code.number), "{} twice", code.number);
        }
    }
}
