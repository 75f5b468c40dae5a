//! [`Place`]: what the environment says of a hub and its cache.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use hf_hub::Cache;
use hf_hub::api::sync::{Api, ApiBuilder};

use crate::error::Error;
use crate::model_cache::HubPlaces;

/// Where models come from, and where they go.
#[derive(Clone)]
pub(super) struct Place {
    /// The hub's cache.
    pub(super) cache: PathBuf,
    /// Another hub than the usual one.
    pub(super) endpoint: Option<String>,
    pub(super) token: Option<String>,
    /// Nobody is to be asked.
    pub(super) offline: bool,
    /// A file of certificates that count instead of the usual ones.
    pub(super) certificates: Option<PathBuf>,
}

impl Place {
    pub(super) fn of(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let places = HubPlaces::of(&var);
        let text = |name: &str| {
            let value = var(name)?.to_string_lossy().trim().to_owned();
            Some(value).filter(|value| !value.is_empty())
        };
        let is_on = |name: &str| {
            text(name)
                .is_some_and(|value| matches!(&*value.to_ascii_uppercase(), "1" | "ON" | "YES" | "TRUE"))
        };
        let file = places.path(&var, "HF_TOKEN_PATH").or_else(|| Some(places.home.as_ref()?.join("token")));
        let in_file = || {
            let token = fs::read_to_string(file?).ok()?.trim().to_owned();
            Some(token).filter(|token| !token.is_empty())
        };
        let token = || text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN")).or_else(in_file);
        let token = if is_on("HF_HUB_DISABLE_IMPLICIT_TOKEN") { None } else { token() };
        if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            // Not shown: it may be all but one character of a real one.
            return Err(Error::value(
                "HF_TOKEN",
                "not shown",
                "a token: letters, digits and signs, without blanks",
            ));
        }
        Ok(Place {
            cache: places.cache.clone().ok_or_else(Error::no_cache)?,
            endpoint: text("HF_ENDPOINT").map(|endpoint| endpoint.trim_end_matches('/').to_owned()),
            token,
            offline: is_on("HF_HUB_OFFLINE") || is_on("TRANSFORMERS_OFFLINE"),
            certificates: ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"]
                .iter()
                .find_map(|name| places.path(&var, name)),
        })
    }

    /// The crate's own picture of the hub: its address, where none is given, and its URLs.
    pub(super) fn api(&self) -> Result<Api, Error> {
        let builder = ApiBuilder::from_cache(Cache::new(self.cache.clone())).with_progress(false);
        let builder = match &self.endpoint {
            Some(endpoint) => {
                let is_web = endpoint.starts_with("http://") || endpoint.starts_with("https://");
                if !is_web || endpoint.parse::<ureq::http::Uri>().is_err() {
                    return Err(Error::value(
                        "HF_ENDPOINT",
                        endpoint,
                        "an address that begins with https:// or http://",
                    ));
                }
                builder.with_endpoint(endpoint.clone())
            }
            None => builder,
        };
        // It sends nothing; what is sent is sent by `Client`.
        let built = builder.with_token(None).build();
        built.map_err(|error| Error::hub(crate::error::ErrorKind::Unreachable, error.to_string()))
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A token is nobody's to read.
        let token = self.token.as_ref().map(|_| "…");
        let mut out = f.debug_struct("Place");
        out.field("cache", &self.cache).field("endpoint", &self.endpoint).field("token", &token);
        out.field("offline", &self.offline).field("certificates", &self.certificates).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Puller;
    use super::*;

    fn place(set: &[(&str, &str)]) -> Result<Place, Error> {
        Place::of(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_environment_is_read_as_the_hubs_programs_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        fs::write(folder.path().join("token"), "of-home\n").unwrap();
        fs::write(folder.path().join("mine"), " of-path \n").unwrap();
        let mine = folder.path().join("mine");
        let mine = mine.to_str().unwrap();
        let token = |set: &[(&str, &str)]| place(&[&[("HF_HOME", home)], set].concat()).unwrap().token;
        assert_eq!(token(&[]).as_deref(), Some("of-home"));
        assert_eq!(token(&[("HF_TOKEN_PATH", mine)]).as_deref(), Some("of-path"));
        assert_eq!(token(&[("HF_TOKEN_PATH", mine), ("HF_TOKEN", "set")]).as_deref(), Some("set"));
        assert_eq!(token(&[("HF_TOKEN", "set"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]), None);

        let read =
            place(&[("HF_HOME", home), ("HF_ENDPOINT", "http://localhost:1/"), ("HF_HUB_OFFLINE", "yes")]);
        let read = read.unwrap();
        assert_eq!(read.cache, folder.path().join("hub"));
        assert_eq!((read.endpoint.as_deref(), read.offline), (Some("http://localhost:1"), true));
        let read =
            place(&[("HF_HOME", home), ("HF_HUB_CACHE", "/elsewhere"), ("HF_HUB_OFFLINE", "0")]).unwrap();
        assert_eq!((read.cache, read.offline), (PathBuf::from("/elsewhere"), false));
    }

    #[test]
    fn what_cannot_be_used_is_told_and_a_token_is_not_shown() {
        assert!(place(&[]).is_err(), "no home");
        let error = place(&[("HOME", "/h"), ("HF_TOKEN", "two words")]).unwrap_err().to_string();
        assert!(error.contains("HF_TOKEN") && !error.contains("words"), "{error}");
        for endpoint in ["hub", "ftp://hub", "http://a b"] {
            let error = place(&[("HOME", "/h"), ("HF_ENDPOINT", endpoint)]).unwrap().api().unwrap_err();
            assert!(error.to_string().contains("HF_ENDPOINT"), "{error}");
        }
        let place = place(&[("HOME", "/h"), ("HF_TOKEN", "secret")]).unwrap();
        for shown in [format!("{place:?}"), format!("{:?}", Puller::of(place.clone()).unwrap())] {
            assert!(shown.contains("token") && !shown.contains("secret"), "{shown}");
        }
    }
}
