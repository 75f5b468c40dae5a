//! [`Client`]: requests to a hub, and to where it sends them on.

use std::time::Duration;

use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, LOCATION, RANGE};
use ureq::http::{HeaderMap, Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::{Agent, Body};

use super::fault::Fault;
use super::place::Place;
use crate::error::Error;

/// Sends requests.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    token: Option<String>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A token is nobody's to read.
        let token = self.token.as_ref().map(|_| "…");
        f.debug_struct("Client").field("token", &token).finish_non_exhaustive()
    }
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The model and the file, for errors.
    pub(super) what: &'a str,
    /// Where people see the model.
    pub(super) page: &'a str,
    /// The hub's own address: only it is sent the token.
    pub(super) home: &'a Uri,
}

/// What is known of a file before it is sent.
#[derive(Debug)]
pub(super) struct Head {
    /// Where its bytes are.
    pub(super) uri: Uri,
    /// The headers of all answers on the way there, the last first.
    headers: Vec<HeaderMap>,
    /// What the last answer says of the length, if it was the file's own: an answer that sends on has a length too.
    length: Option<u64>,
}

impl Head {
    /// Of answers of which the last was the file's own, or sends on to `uri`.
    fn new(uri: Uri, headers: Vec<HeaderMap>, is_own: bool) -> Self {
        let last = headers.first().filter(|_| is_own).and_then(|last| last.get(CONTENT_LENGTH));
        let length = last.and_then(|length| length.to_str().ok()?.parse().ok());
        Head { uri, headers, length }
    }

    /// The bytes of the file, as far as the hub says.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.get(&["x-linked-size"]).and_then(|length| length.parse().ok()).or(self.length)
    }

    /// The first of these headers that an answer had.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        let has = |name: &&str| self.headers.iter().find_map(|headers| headers.get(*name)?.to_str().ok());
        names.iter().find_map(has)
    }
}

/// A hub sends on once or twice.
const REDIRECTS: usize = 8;
/// For a connection, and for each answer or part of one, before an attempt is given up.
const PATIENCE: Duration = Duration::from_secs(30);

impl Client {
    pub(super) fn new(place: &Place) -> Result<Self, Error> {
        let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(roots(place)?).build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            // Followed here: the headers of each answer count, and the token is for the hub alone.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // What is packed on the way has another length, and can be begun in the middle of nowhere.
            .accept_encoding("identity")
            .user_agent(concat!("semantik/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .build();
        Ok(Client { agent: agent.into(), token: place.token.clone() })
    }

    /// The body of a small answer, as text.
    pub(super) fn text(&self, asked: &Asked<'_>, uri: &Uri) -> Result<String, Fault> {
        let mut response = self.get(asked, uri, 0)?;
        // The longest listings are those of models with thousands of shards.
        let text = response.body_mut().with_config().limit(32 << 20).read_to_string();
        text.map_err(|error| Fault::unreachable(asked.what, uri, &error))
    }

    /// Bytes from `from` on; whether the answer begins there, its status tells.
    pub(super) fn get(&self, asked: &Asked<'_>, uri: &Uri, from: u64) -> Result<Response<Body>, Fault> {
        let mut uri = uri.clone();
        for _ in 0..REDIRECTS {
            let mut request = self.agent.get(&uri);
            if from > 0 {
                request = request.header(RANGE, format!("bytes={from}-"));
            }
            if let Some(token) = self.token_for(asked, &uri) {
                request = request.header(AUTHORIZATION, token);
            }
            let response = request.call().map_err(|error| Fault::unreachable(asked.what, &uri, &error))?;
            if let Some(next) = sent_on(asked, &uri, &response)? {
                uri = next;
                continue;
            }
            return if response.status().is_success() {
                Ok(response)
            } else {
                Err(self.refused(asked, &uri, &response))
            };
        }
        Err(Fault::strange(asked.what, &uri, "it sends requests round in a circle"))
    }

    /// What is known of a file. Asks the hub, and not where it has the bytes from: what they are to be, the hub says.
    pub(super) fn head(&self, asked: &Asked<'_>, uri: &Uri) -> Result<Head, Fault> {
        let (mut uri, mut headers) = (uri.clone(), Vec::new());
        for _ in 0..REDIRECTS {
            let mut request = self.agent.head(&uri);
            if let Some(token) = self.token_for(asked, &uri) {
                request = request.header(AUTHORIZATION, token);
            }
            let response = request.call().map_err(|error| Fault::unreachable(asked.what, &uri, &error))?;
            let next = sent_on(asked, &uri, &response)?;
            let is_told = response.headers().contains_key("x-linked-etag");
            if next.is_none() && !response.status().is_success() {
                return Err(self.refused(asked, &uri, &response));
            }
            let is_elsewhere = next.as_ref().is_some_and(|next| next.authority() != uri.authority());
            headers.insert(0, response.headers().clone());
            match next {
                None => return Ok(Head::new(uri, headers, true)),
                Some(next) if is_told && is_elsewhere => return Ok(Head::new(next, headers, false)),
                Some(next) => uri = next,
            }
        }
        Err(Fault::strange(asked.what, &uri, "it sends requests round in a circle"))
    }

    fn token_for(&self, asked: &Asked<'_>, uri: &Uri) -> Option<String> {
        let is_home = uri.authority() == asked.home.authority() && uri.scheme() == asked.home.scheme();
        self.token.as_ref().filter(|_| is_home).map(|token| format!("Bearer {token}"))
    }

    fn refused(&self, asked: &Asked<'_>, uri: &Uri, response: &Response<Body>) -> Fault {
        let has_token = self.token.is_some();
        Fault::refused(asked.what, asked.page, uri, response.status(), response.headers(), has_token)
    }
}

/// Where an answer sends a request on to.
fn sent_on(asked: &Asked<'_>, from: &Uri, response: &Response<Body>) -> Result<Option<Uri>, Fault> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let strange = |how| Fault::strange(asked.what, from, how);
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| strange("it sends the request on, and does not say where"))?;
    let to: Uri = location.parse().map_err(|_| strange("it sends the request on to what is no address"))?;
    let mut parts = to.into_parts();
    if parts.authority.is_none() {
        let path = parts.path_and_query.as_ref().map_or("", |path| path.path());
        if !path.starts_with('/') {
            return Err(strange("it sends the request on to a part of an address"));
        }
        parts.authority = from.authority().cloned();
        parts.scheme = from.scheme().cloned();
    }
    if from.scheme_str() == Some("https")
        && parts.scheme.as_ref().map(ureq::http::uri::Scheme::as_str) != Some("https")
    {
        return Err(strange("it sends the request on to where it would not be encrypted"));
    }
    Uri::from_parts(parts).map(Some).map_err(|_| strange("it sends the request on to what is no address"))
}

/// The certificates that count.
fn roots(place: &Place) -> Result<RootCerts, Error> {
    let Some(path) = &place.certificates else { return Ok(RootCerts::WebPki) };
    let fail = |message: String| {
        Error::value("SSL_CERT_FILE", path.display(), format!("a file of certificates in PEM: {message}"))
    };
    let pem = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| fail(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(fail("there is none in it".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}
