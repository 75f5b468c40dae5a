//! Who may depend on whom.

use serde_json::Value;

/// What each member may depend on, among the members and of what is kept to one place. Everything else is free.
const ALLOWED: &[(&str, &[&str])] = &[
    ("gpu-telemetry", &["wgpu", "nvml-standin", "vulkan-limit"]),
    ("batch-policy", &[]),
    ("word-piece", &[]),
    ("chunk-strategies", &["word-piece"]),
    // The suite is for tests only, here and below: it is a library, so that it also runs where there is no cargo.
    (
        "embed-burn",
        &["chunk-strategies", "word-piece", "burn", "cubecl", "cubecl-environment", "wgpu", "device-suite"],
    ),
    (
        "semantik",
        &[
            "gpu-telemetry",
            "batch-policy",
            "chunk-strategies",
            "embed-burn",
            "word-piece",
            "device-suite",
            "nvml-standin",
            "vulkan-limit",
        ],
    ),
    (
        "semantik-cli",
        &[
            "semantik",
            "clap",
            "indicatif",
            "ctrlc",
            "ratatui",
            "nvml-standin",
            "vulkan-limit",
            "device-suite",
        ],
    ),
    // What tests use to make a device small, or a card out of nothing: below everything, and in nothing that is shipped.
    ("nvml-standin", &[]),
    ("vulkan-limit", &[]),
    (
        "device-suite",
        &["gpu-telemetry", "chunk-strategies", "embed-burn", "semantik", "semantik-cli", "vulkan-limit"],
    ),
    // Plays what `batch-policy` decides on simulated devices: for tests and benchmarks.
    ("policy-sim", &["batch-policy"]),
    (
        "benches",
        &["gpu-telemetry", "batch-policy", "chunk-strategies", "word-piece", "embed-burn", "semantik"],
    ),
    ("xtask", &[]),
];

/// Dependencies from outside that belong in one place.
const KEPT: &[&str] = &["burn", "wgpu", "clap", "indicatif", "ctrlc", "ratatui"];

/// Each arrow that is not allowed, and each member that is not known.
pub(super) fn check(metadata: &Value) -> Vec<String> {
    let members: Vec<&Value> = metadata["packages"].as_array().into_iter().flatten().collect();
    let names: Vec<&str> = members.iter().filter_map(|member| member["name"].as_str()).collect();
    let mut problems = Vec::new();
    for member in &members {
        let name = member["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            problems
                .push(format!("{name}: a new member; say in xtask/src/tidy/arrows.rs what it may depend on"));
            continue;
        };
        for dependency in member["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let watched = names.contains(&on) || KEPT.contains(&on) || is_cubecl(on);
            if watched && !allowed.contains(&on) {
                // The kind of an ordinary dependency is null.
                let kind = dependency["kind"].as_str().map_or(String::new(), |kind| format!(" ({kind})"));
                problems.push(format!(
                    "{name} -> {on}{kind}: an arrow that docs/architecture.md does not have; put what is needed in a crate below both"
                ));
            }
        }
    }
    problems
}

/// burn's own foundations are burn's business.
fn is_cubecl(name: &str) -> bool {
    name.starts_with("cubecl") || name.starts_with("burn-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(from: &str, on: &str, kind: &Value) -> Value {
        let member = |name: &str| json!({"name": name, "dependencies": []});
        let mut members: Vec<Value> = ALLOWED.iter().map(|(name, _)| member(name)).collect();
        for member in &mut members {
            if member["name"] == from {
                member["dependencies"] = json!([{"name": on, "kind": kind}]);
            }
        }
        json!({"packages": members})
    }

    #[test]
    fn the_arrows_of_the_picture_are_allowed() {
        for (from, on) in [
            ("embed-burn", "chunk-strategies"),
            ("embed-burn", "word-piece"),
            ("chunk-strategies", "word-piece"),
            ("semantik", "batch-policy"),
            ("semantik-cli", "clap"),
            ("chunk-strategies", "tokenizers"),
        ] {
            assert_eq!(check(&workspace(from, on, &Value::Null)), Vec::<String>::new(), "{from} -> {on}");
        }
    }

    #[test]
    fn every_other_arrow_is_a_problem_of_whatever_kind() {
        for (from, on) in [
            ("batch-policy", "gpu-telemetry"),
            ("chunk-strategies", "embed-burn"),
            ("chunk-strategies", "burn"),
            ("word-piece", "chunk-strategies"),
            ("semantik", "clap"),
            ("semantik-cli", "embed-burn"),
            ("gpu-telemetry", "cubecl-runtime"),
            ("xtask", "semantik"),
        ] {
            for kind in [Value::Null, json!("dev"), json!("build")] {
                let problems = check(&workspace(from, on, &kind));
                assert_eq!(problems.len(), 1, "{from} -> {on}");
                assert!(problems[0].starts_with(&format!("{from} -> {on}")), "{problems:?}");
            }
        }
    }

    #[test]
    fn a_new_member_has_to_be_placed() {
        let problems = check(&json!({"packages": [{"name": "semantik-utils", "dependencies": []}]}));
        assert!(problems.len() == 1 && problems[0].contains("semantik-utils"), "{problems:?}");
    }
}
