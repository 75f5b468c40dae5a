//! What `plan` says of cards that are not here and of the device that is.

use serde_json::Value;

use crate::place::{Place, Ran, model};

fn plan(place: &Place, args: &[&str]) -> Value {
    let model = model();
    let ran = place.run(&[&["plan", &model, "--format", "json"], args].concat());
    assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

fn refused(args: &[&str]) -> Ran {
    let model = model();
    let ran = Place::new().run(&[&["plan", &model], args].concat());
    assert_ne!(ran.code, Some(0), "{args:?}: {}", ran.out);
    assert!(ran.err.contains("hint:") && ran.out.is_empty(), "{args:?}: {} {}", ran.err, ran.out);
    ran
}

#[test]
fn the_formula_gives_344_for_24_gib_before_its_cap() {
    let plan = plan(&Place::new(), &["--gpu-memory", "24GiB"]);
    let [card] = &plan["cards"].as_array().unwrap()[..] else { panic!("{plan}") };
    assert_eq!((&card["reference"]["before_cap"], &card["reference"]["texts"]), (&344.into(), &128.into()));
    assert_eq!(plan["device"], Value::Null, "no device is asked for a card that need not be here");
}

#[test]
fn a_neighbour_leaves_less_and_what_fits_never_grows_with_length_or_use() {
    let place = Place::new();
    let fits = |args: &[&str]| -> Vec<u64> {
        let plan = plan(&place, args);
        let batches = plan["cards"][0]["batches"].as_array().unwrap();
        batches.iter().map(|length| length["fits"].as_u64().unwrap()).collect()
    };
    let alone = fits(&["--gpu-memory", "24GiB"]);
    let beside = fits(&["--gpu-memory", "24GiB", "--used", "18GiB"]);
    assert!(alone.is_sorted_by(|a, b| a >= b) && beside.is_sorted_by(|a, b| a >= b), "{alone:?} {beside:?}");
    assert!(alone.iter().zip(&beside).all(|(alone, beside)| alone >= beside), "{alone:?} {beside:?}");
    assert!(beside[0] < alone[0], "{alone:?} {beside:?}");
    // What is written with a suffix of tens is less.
    assert!(fits(&["--gpu-memory", "24GB"])[0] <= alone[0]);
}

#[test]
fn every_batch_keeps_to_what_there_is() {
    let plan = plan(&Place::new(), &["--gpu-memory", "8GiB", "--used", "7GiB", "--max-batch-size", "100"]);
    let card = &plan["cards"][0];
    let weights = plan["model"]["weights"].as_u64().unwrap();
    assert_eq!(card["usable"].as_u64(), Some(((1_u64 << 30) - weights) * 7 / 10));
    for length in card["batches"].as_array().unwrap() {
        let of = |name: &str| length[name].as_u64().unwrap();
        assert!(of("texts") <= 100.min(of("fits")) && of("texts") > 0, "{length}");
        assert!(of("peak") <= card["usable"].as_u64().unwrap(), "{length}");
    }
}

#[test]
fn a_card_without_room_for_the_weights_says_so() {
    let model = model();
    let ran = Place::new().run(&["plan", &model, "--gpu-memory", "1GiB", "--used", "1000MiB"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("the weights have no room"), "{}", ran.out);
    let none = plan(&Place::new(), &["--gpu-memory", "0"]);
    assert_eq!((&none["cards"][0]["weights_fit"], &none["cards"][0]["usable"]), (&false.into(), &0.into()));
}

#[test]
fn every_card_and_the_device_at_hand_are_told() {
    let model = model();
    let place = Place::new();
    let ran = place.run(&["plan", &model, "--backend", "cpu"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for part in
        ["4.00 GiB", "141.00 GiB", "uncapped 344", "cpu now:", "weights      86.08 MiB", "run together"]
    {
        assert!(ran.out.contains(part), "{part:?} in {}", ran.out);
    }
    assert!(
        ran.out.lines().all(|line| line.chars().count() <= 100 && line.trim_end() == line),
        "{}",
        ran.out
    );
}

#[test]
fn on_the_processor_the_memory_limit_bounds_what_runs() {
    let place = Place::new();
    let of = |limit: &str| {
        let plan = plan(&place, &["--backend", "cpu", "--memory-limit", limit]);
        let outlook = &plan["device"]["outlook"];
        assert_eq!(outlook["padding"], "none");
        (outlook["usable"].as_u64().unwrap(), outlook["batches"][0]["fits"].as_u64().unwrap())
    };
    let (small, large) = (of("64MiB"), of("128MiB"));
    assert!(small.0 <= (64 << 20) * 7 / 10 && small.0 < large.0 && small.1 < large.1, "{small:?} {large:?}");
}

#[test]
fn texts_of_known_lengths_are_planned_beside_the_formula() {
    let place = Place::new();
    // Short ones and a long one in turn, as documents come: the formula pads every batch to the long one.
    let lengths: String = (0..1000).map(|at| if at % 100 == 0 { "200\n" } else { "20\n" }).collect();
    place.put("lengths.txt", format!("{lengths}\n  999\n"));
    let args = ["--gpu-memory", "24GiB", "--lengths", "lengths.txt"];
    let told = plan(&place, &args);
    let texts = &told["cards"][0]["texts"];
    assert_eq!((&texts["texts"], &texts["cut"], &texts["never_fit"]), (&1001.into(), &1.into(), &0.into()));
    let padding = |whose: &str| texts[whose]["padding"].as_f64().unwrap();
    assert!(padding("ours") < 0.1 && padding("reference") > 0.8, "{texts}");
    assert_eq!(texts["ours"]["over_budget"], 0);
    let model = model();
    let shown = place.run(&[&["plan", &model[..]], &args[..]].concat());
    assert!(shown.out.contains("1001 texts of"), "{}", shown.out);
}

#[test]
fn a_formula_that_does_not_know_lengths_goes_over() {
    let place = Place::new();
    place.put("lengths.txt", "256\n".repeat(500));
    let told = plan(&place, &["--gpu-memory", "2GiB", "--used", "1536MiB", "--lengths", "lengths.txt"]);
    let texts = &told["cards"][0]["texts"];
    assert_eq!(texts["ours"]["over_budget"], 0, "{texts}");
}

#[test]
fn bad_words_are_told_with_their_place() {
    let place = Place::new();
    for (content, line) in
        [("12\nx\n", "line 2"), ("0\n", "line 1"), ("-5\n", "line 1"), ("12.5\n", "line 1")]
    {
        let path = place.put("lengths.txt", content);
        let ran = refused(&["--gpu-memory", "8GiB", "--lengths", path.to_str().unwrap()]);
        assert!(
            ran.code == Some(2) && ran.err.contains(line) && ran.err.contains("lengths.txt"),
            "{}",
            ran.err
        );
    }
    assert!(refused(&["--gpu-memory", "8GiB", "--lengths", "nowhere.txt"]).err.contains("nowhere.txt"));
    assert!(refused(&["--gpu-memory", "8GiB", "--used", "9GiB"]).err.contains("9.00 GiB"));
    let absent = refused(&["--backend", "metal"]);
    assert!(absent.code == Some(1) && absent.err.contains("Apple"), "{}", absent.err);
    let model = model();
    for args in [&["--used", "1GiB"][..], &["--gpu-memory", "many"]] {
        let ran = place.run(&[&["plan", &model[..]], args].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
    }
}

#[test]
fn the_help_teaches() {
    let ran = Place::new().run(&["plan", "--help"]);
    for part in [
        "16384 tokens",
        "--gpu-memory 24GiB --used 18GiB",
        "from 4 to 128",
        "one number of tokens on each line",
    ] {
        let words: Vec<&str> = ran.out.split_whitespace().collect();
        assert!(words.join(" ").contains(part), "{part:?} in {}", ran.out);
    }
    assert!(Place::new().run(&["--help"]).out.contains("plan"), "it is no secret");
}

#[test]
fn narrower_numbers_take_less_and_no_card_has_those_of_the_processor() {
    let place = Place::new();
    let card = |dtype: &str| plan(&place, &["--gpu-memory", "8GiB", "--dtype", dtype]);
    let of = |plan: &Value| {
        let fits = plan["cards"][0]["batches"][0]["fits"].as_u64().unwrap();
        (plan["model"]["weights"].as_u64().unwrap(), fits)
    };
    let wide = of(&card("f32"));
    for dtype in ["f16", "bf16"] {
        let narrow = card(dtype);
        assert_eq!(narrow["model"]["dtype"], dtype);
        assert!(of(&narrow).0 * 2 == wide.0 && of(&narrow).1 > wide.1, "{dtype}: {narrow}");
    }
    refused(&["--gpu-memory", "8GiB", "--dtype", "int8"]).failed(2, &["int8", "--gpu-memory"]);
    let here = plan(&place, &["--backend", "cpu", "--dtype", "int8"]);
    assert_eq!((here["cards"].as_array().unwrap().len(), &here["model"]["dtype"]), (0, &"int8".into()));
    assert!(here["device"]["outlook"]["batches"][0]["fits"].as_u64() > Some(0), "{here}");
}

#[test]
fn columns_of_the_largest_numbers_do_not_run_together() {
    let model = model();
    let ran = Place::new().run(&["plan", &model, "--gpu-memory", "1PiB"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("iB 128, uncapped 15032385"), "{}", ran.out);
}

#[test]
fn a_line_that_is_no_length_is_shown_in_part() {
    let (model, place) = (model(), Place::new());
    place.put("lengths.txt", "x".repeat(1 << 20));
    let ran = place.run(&["plan", &model, "--gpu-memory", "1GiB", "--lengths", "lengths.txt"]);
    ran.failed(2, &["lengths.txt, line 1", "x…"]);
    assert!(ran.err.len() < 400, "{} bytes", ran.err.len());
}
