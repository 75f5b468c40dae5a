//! What the command was asked.

use std::path::PathBuf;

use super::grid::{self, Config, Which};
use crate::error::XtaskError;

/// Which questions are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    Given,
    Dependencies,
    All,
}

impl Set {
    fn named(name: &str) -> Result<Self, XtaskError> {
        match name {
            "given" => Ok(Set::Given),
            "dependencies" => Ok(Set::Dependencies),
            "all" => Ok(Set::All),
            _ => Err(XtaskError::failed(format!(
                "no set is called {name:?}; known are given, dependencies, all"
            ))),
        }
    }
}

pub(super) struct Options {
    pub(super) set: Set,
    pub(super) data: Option<PathBuf>,
    pub(super) program: Option<PathBuf>,
    pub(super) backend: String,
    /// None: as the command line has it.
    pub(super) dtypes: Vec<String>,
    pub(super) k: usize,
    pub(super) which: Which,
    pub(super) only: Vec<String>,
}

impl Options {
    pub(super) fn parse(mut args: lexopt::Parser) -> Result<Self, XtaskError> {
        use lexopt::ValueExt;
        let mut options = Options {
            set: Set::Given,
            data: None,
            program: None,
            backend: "cpu".to_owned(),
            dtypes: Vec::new(),
            k: 5,
            which: Which::Full,
            only: Vec::new(),
        };
        while let Some(arg) = args.next()? {
            match arg {
                lexopt::Arg::Long("set") => options.set = Set::named(&args.value()?.string()?)?,
                lexopt::Arg::Long("dtype") => {
                    let names = args.value()?.string()?;
                    options.dtypes = dtypes(&names)?;
                }
                lexopt::Arg::Long("data") => options.data = Some(args.value()?.into()),
                lexopt::Arg::Long("bin") => options.program = Some(args.value()?.into()),
                lexopt::Arg::Long("backend") => options.backend = args.value()?.string()?,
                lexopt::Arg::Short('k') => options.k = args.value()?.parse()?,
                lexopt::Arg::Long("quick") => options.which = Which::Quick,
                lexopt::Arg::Long("only") => options.only.push(args.value()?.string()?),
                _ => return Err(arg.unexpected().into()),
            }
        }
        Ok(options)
    }

    pub(super) fn wants(&self, config: &Config) -> bool {
        let name = config.name();
        let named = |part: &String| name.contains(part);
        self.only.is_empty() || self.only.iter().any(named) || name == grid::BASE.name()
    }
}

/// The names of a list, the first being what others are compared with.
fn dtypes(names: &str) -> Result<Vec<String>, XtaskError> {
    let list: Vec<String> = names.split(',').map(str::to_owned).collect();
    let wrong = |at: usize, name: &String| name.is_empty() || list[..at].contains(name);
    if list.iter().enumerate().any(|(at, name)| wrong(at, name)) {
        return Err(XtaskError::failed(format!(
            "--dtype {names:?} is no list of different names, as in f32,bf16"
        )));
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, XtaskError> {
        Options::parse(lexopt::Parser::from_args(words))
    }

    #[test]
    fn a_set_is_called_by_its_name_and_no_other() {
        let given = parse(&[]).unwrap();
        assert!(given.set == Set::Given && given.dtypes.is_empty());
        assert!(parse(&["--set", "all"]).unwrap().set == Set::All);
        let error = parse(&["--set", "dependency"]).err().unwrap().to_string();
        assert!(error.contains("\"dependency\"") && error.contains("given, dependencies, all"), "{error}");
    }

    #[test]
    fn several_dtypes_are_a_list_without_blanks_or_the_same_twice() {
        assert_eq!(parse(&["--dtype", "f32,bf16"]).unwrap().dtypes, ["f32", "bf16"]);
        for wrong in ["f32,", "", "f32,f32"] {
            assert!(parse(&["--dtype", wrong]).is_err(), "{wrong:?}");
        }
    }
}
