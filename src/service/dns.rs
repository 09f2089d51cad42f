//! What DNS says about a mail domain: where its mail goes (MX), and where its Autodiscover names lead (CNAME, address, SRV).
//!
//! Microsoft 365 wants the MX at its mail protection, `autodiscover.<domain>` as an alias of its Autodiscover name and no
//! `_autodiscover._tcp` record; other answers are no fault by themselves, they tell who is asked.

use std::net::SocketAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

use crate::evidence::domains::{DomainRecords, Found};

/// Asks the system's name servers.
pub struct Dns {
    resolver: TokioResolver,
}

impl Dns {
    /// The system's name servers.
    ///
    /// # Errors
    /// In words, when the system names none.
    pub fn system() -> Result<Self, String> {
        let builder = TokioResolver::builder_tokio().map_err(|error| error.to_string())?;
        builder.build().map(|resolver| Self { resolver }).map_err(|error| error.to_string())
    }

    /// One name server.
    ///
    /// # Errors
    /// In words, when no resolver can be made of it.
    pub fn at(server: SocketAddr) -> Result<Self, String> {
        // TCP is for answers that do not fit a datagram.
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        connections.iter_mut().for_each(|connection| connection.port = server.port());
        let server = NameServerConfig::new(server.ip(), true, connections);
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.build().map(|resolver| Self { resolver }).map_err(|error| error.to_string())
    }

    /// The records of one domain.
    pub async fn domain(&self, name: &str) -> DomainRecords {
        let (at, service) = (format!("autodiscover.{name}"), format!("_autodiscover._tcp.{name}"));
        let (mx, autodiscover, srv) = tokio::join!(
            self.look_up(name, RecordType::MX),
            self.autodiscover(&at),
            self.look_up(&service, RecordType::SRV)
        );
        DomainRecords { name: name.to_owned(), mx, autodiscover, srv }
    }

    /// An alias, or addresses of its own.
    async fn autodiscover(&self, name: &str) -> Found {
        match self.look_up(name, RecordType::CNAME).await {
            Found::Nothing => self.look_up(name, RecordType::A).await,
            found => found,
        }
    }

    async fn look_up(&self, name: &str, kind: RecordType) -> Found {
        match self.resolver.lookup(format!("{name}."), kind).await {
            Ok(answer) => {
                let data = answer.answers().iter().map(|record| &record.data);
                let mut found: Vec<(u16, String)> = data.filter_map(|data| read(data, kind)).collect();
                found.sort();
                match found.is_empty() {
                    true => Found::Nothing,
                    false => Found::Records { values: found.into_iter().map(|(_, value)| value).collect() },
                }
            }
            Err(error) if error.is_no_records_found() => Found::Nothing,
            Err(error) => Found::Failed { detail: error.to_string() },
        }
    }
}

/// Preference and value of a record of the wanted kind.
fn read(data: &RData, kind: RecordType) -> Option<(u16, String)> {
    let host = |name: &dyn ToString| name.to_string().trim_end_matches('.').to_lowercase();
    match data {
        RData::MX(mx) if kind == RecordType::MX => Some((mx.preference, host(&mx.exchange))),
        RData::CNAME(alias) if kind == RecordType::CNAME => Some((0, host(&alias.0))),
        RData::SRV(service) if kind == RecordType::SRV => Some((service.priority, host(&service.target))),
        RData::A(address) if kind == RecordType::A => Some((0, address.0.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
    use hickory_resolver::proto::rr::rdata::{A, CNAME, MX, SRV};
    use hickory_resolver::proto::rr::{Name, Record};
    use tokio::net::UdpSocket;

    use super::*;

    fn records(name: &str, kind: RecordType) -> Vec<RData> {
        let host = |text: &str| Name::from_ascii(text).unwrap();
        match (name, kind) {
            ("contoso.example.", RecordType::MX) => vec![
                RData::MX(MX::new(20, host("backup.contoso.example."))),
                RData::MX(MX::new(0, host("Contoso-Example.mail.protection.outlook.com."))),
            ],
            ("autodiscover.contoso.example.", RecordType::CNAME) => {
                vec![RData::CNAME(CNAME(host("autodiscover.outlook.com.")))]
            }
            ("autodiscover.fabrikam.example.", RecordType::A) => vec![RData::A(A::new(192, 0, 2, 7))],
            ("_autodiscover._tcp.fabrikam.example.", RecordType::SRV) => {
                vec![RData::SRV(SRV::new(0, 0, 443, host("mail.fabrikam.example.")))]
            }
            _ => Vec::new(),
        }
    }

    /// A name server on loopback that knows the records above; it refuses whatever is about `broken.example`.
    async fn server() -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).unwrap();
                let query = question.queries[0].clone();
                let name = query.name().to_string().to_lowercase();
                let mut answer = Message::response(question.metadata.id, OpCode::Query);
                answer.add_query(query.clone());
                if name.contains("broken") {
                    answer.metadata.response_code = ResponseCode::Refused;
                }
                for data in records(&name, query.query_type()) {
                    answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
                }
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        address
    }

    fn values(values: &[&str]) -> Found {
        Found::Records { values: values.iter().map(|value| (*value).to_owned()).collect() }
    }

    #[tokio::test]
    async fn mail_and_autodiscover_of_a_domain_are_read_and_absence_is_no_failure() {
        let dns = Dns::at(server().await).unwrap();
        let contoso = dns.domain("contoso.example").await;
        assert_eq!(contoso.mx, values(&["contoso-example.mail.protection.outlook.com", "backup.contoso.example"]));
        assert_eq!(contoso.autodiscover, values(&["autodiscover.outlook.com"]));
        assert_eq!(contoso.srv, Found::Nothing);
        let fabrikam = dns.domain("fabrikam.example").await;
        assert_eq!(fabrikam.mx, Found::Nothing);
        assert_eq!(fabrikam.autodiscover, values(&["192.0.2.7"]));
        assert_eq!(fabrikam.srv, values(&["mail.fabrikam.example"]));
        let broken = dns.domain("broken.example").await;
        assert!(matches!(broken.mx, Found::Failed { .. }), "{broken:?}");
    }
}
