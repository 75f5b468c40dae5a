//! Source code, cut on its syntax.

use chunk_strategies::{
    Bytes, Chars, Chunk, ChunkConfig, ChunkSizer, Code, ContextPart, Language, Strategy, Words,
};

use crate::conformance::{Case, check, check_stream};

/// A file of each language: its name, its text, and where it is cut at 320 characters: the line that a chunk begins with and
/// what it stands under.
type File = (&'static str, &'static str, &'static [(usize, &'static str)]);

const FILES: [File; 13] = [
    (
        "ring.c",
        include_str!("../fixtures/code/ring.c"),
        &[(1, ""), (19, ""), (33, "struct ring *ring_new(void)"), (44, "")],
    ),
    (
        "shape.cpp",
        include_str!("../fixtures/code/shape.cpp"),
        &[
            (1, ""),
            (23, "namespace shapes"),
            (31, "namespace shapes > class Circle final : public Shape"),
            (42, "namespace shapes"),
        ],
    ),
    (
        "Robot.cs",
        include_str!("../fixtures/code/Robot.cs"),
        &[
            (1, ""),
            (12, "namespace Example.Robots"),
            (23, "namespace Example.Robots > public sealed class Robot"),
            (27, "namespace Example.Robots > public sealed class Robot > public void Tell(ICommand command)"),
            (37, "namespace Example.Robots > public sealed class Robot"),
        ],
    ),
    ("queue.go", include_str!("../fixtures/code/queue.go"), &[(1, ""), (18, ""), (36, "")]),
    (
        "Account.java",
        include_str!("../fixtures/code/Account.java"),
        &[
            (1, ""),
            (18, "public class Account implements Comparable<Account>"),
            (28, "public class Account implements Comparable<Account>"),
            (42, "public class Account implements Comparable<Account>"),
        ],
    ),
    (
        "cart.js",
        include_str!("../fixtures/code/cart.js"),
        &[
            (1, ""),
            (6, ""),
            (17, "class Cart extends events.EventEmitter"),
            (28, "class Cart extends events.EventEmitter"),
            (39, ""),
        ],
    ),
    (
        "Router.php",
        include_str!("../fixtures/code/Router.php"),
        &[(1, ""), (21, "final class Router"), (32, "final class Router"), (48, "")],
    ),
    (
        "shop.py",
        include_str!("../fixtures/code/shop.py"),
        &[(1, ""), (17, ""), (30, "class Order"), (42, "class Order")],
    ),
    (
        "library.rb",
        include_str!("../fixtures/code/library.rb"),
        &[(1, ""), (9, "module Library"), (23, "module Library > class Book"), (39, "module Library")],
    ),
    (
        "stack.rs",
        include_str!("../fixtures/code/stack.rs"),
        &[
            (1, ""),
            (15, ""),
            (26, "impl Stack"),
            (32, "impl Stack"),
            (34, "impl Stack > pub fn largest(&self) -> Option<i64>"),
            (47, ""),
            (53, ""),
        ],
    ),
    ("backup.sh", include_str!("../fixtures/code/backup.sh"), &[(1, ""), (13, ""), (22, ""), (34, "")]),
    (
        "store.ts",
        include_str!("../fixtures/code/store.ts"),
        &[(1, ""), (10, ""), (19, "export class Store<T>"), (36, "")],
    ),
    (
        "list.tsx",
        include_str!("../fixtures/code/list.tsx"),
        &[(1, ""), (8, "export function List({ title, items }: Props)"), (22, "")],
    ),
];

fn code(language: Language, size: usize) -> Code<Chars> {
    Code::new(ChunkConfig::new(size), language).unwrap()
}

fn chunks<'d>(strategy: &'d Code<Chars>, text: &'d str) -> Vec<Chunk<'d>> {
    strategy.chunks(text).collect::<Result<_, _>>().unwrap()
}

fn language_of(name: &str) -> Language {
    Language::from_name(name).unwrap()
}

fn path(chunk: &Chunk<'_>) -> String {
    chunk.context().iter().map(ContextPart::text).collect::<Vec<_>>().join(" > ")
}

fn cuts(strategy: &Code<Chars>, text: &str) -> Vec<(usize, String)> {
    chunks(strategy, text).iter().map(|chunk| (*chunk.line_range().start(), path(chunk))).collect()
}

#[test]
fn each_language_is_cut_at_its_items() {
    for (name, text, expected) in FILES {
        let strategy = code(language_of(name), 320);
        let expected: Vec<(usize, String)> =
            expected.iter().map(|&(line, path)| (line, path.to_owned())).collect();
        assert_eq!(cuts(&strategy, text), expected, "{name}");
        for chunk in chunks(&strategy, text) {
            assert_eq!(chunk.strategy(), Strategy::Recursive);
            assert!(!chunk.is_fallback(), "{name}: {:?}", chunk.reason());
            assert!(chunk.reason().unwrap().contains(language_of(name).as_str()));
            for part in chunk.context() {
                let there = &text[part.byte_range()];
                let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                assert_eq!(words(there), words(part.text()), "{name}: a part is a span of the document");
                assert!(part.byte_range().end <= chunk.byte_range().end);
            }
        }
    }
    let tested: Vec<Language> = FILES.iter().map(|(name, ..)| language_of(name)).collect();
    assert!(Language::ALL.iter().all(|language| tested.contains(language)));
}

/// Line ends and a byte order mark are none of the syntax's business.
#[test]
fn line_ends_and_byte_order_marks_change_no_cut() {
    for (name, text, _) in FILES {
        let strategy = code(language_of(name), 320);
        let lines = |text: &str| cuts(&strategy, text).iter().map(|(line, _)| *line).collect::<Vec<_>>();
        // At a size that neither the marks nor the line ends fill.
        let expected = lines(text);
        let with_mark = format!("\u{feff}{text}");
        assert!(!chunks(&strategy, &with_mark)[0].is_fallback(), "{name}");
        assert_eq!(*lines(&with_mark).last().unwrap(), *expected.last().unwrap(), "{name} with a mark");
        let crlf = text.replace('\n', "\r\n");
        let (plain, other) = (code(language_of(name), 4000), code(language_of(name), 4000));
        assert_eq!(cuts(&plain, text).len(), cuts(&other, &crlf).len(), "{name}");
        for chunk in chunks(&strategy, &crlf) {
            assert!(!chunk.is_fallback(), "{name} with CRLF: {:?}", chunk.reason());
            assert!(chunk.text().ends_with("\r\n"), "{name}: {:?}", chunk.text());
            let part_ends = chunk.context().iter().map(ContextPart::text);
            assert!(part_ends.clone().all(|part| !part.contains('\r')), "{name}: {:?}", chunk.context());
        }
    }
}

#[test]
fn what_describes_an_item_stays_with_it() {
    for (name, text, _) in FILES {
        let text = &text.repeat(3);
        for size in [250, 320, 400, 600] {
            let strategy = code(language_of(name), size);
            for chunk in chunks(&strategy, text) {
                let last = chunk.text().trim_end().lines().next_back().unwrap_or_default().trim();
                let describes = last.starts_with("///")
                    || last.starts_with("#[")
                    || (last.starts_with('@') && !last.contains("class"))
                    || last == "*/"
                    || (last.starts_with('[') && language_of(name) == Language::CSharp);
                assert!(!describes, "{name} at {size}: a chunk ends with {last:?}");
            }
        }
    }
}

#[test]
fn every_language_keeps_every_guarantee_on_every_file() {
    for (name, text, _) in FILES {
        // Also as what it is not.
        for &language in Language::ALL {
            holds(text, language, &Chars, Case { desired: 200, max: 200, overlap: 40 });
        }
        let language = language_of(name);
        let crlf = text.replace('\n', "\r\n");
        for text in [text, &crlf, &format!("\u{feff}{text}"), &text[..text.len() / 2]] {
            holds(text, language, &Bytes, Case { desired: 60, max: 90, overlap: 20 });
            holds(text, language, &Words, Case { desired: 40, max: 40, overlap: 0 });
            #[cfg(feature = "tokenizers")]
            holds(text, language, crate::tokens::word_piece(), Case { desired: 64, max: 80, overlap: 12 });
        }
    }
}

fn holds<S: ChunkSizer>(text: &str, language: Language, sizer: &S, case: Case) {
    let config = || ChunkConfig::new(case.desired..=case.max).sizer(sizer).overlap(case.overlap);
    let code = Code::new(config(), language).unwrap();
    check(language.as_str(), text, sizer, case, || code.chunks(text).collect());
    check_stream(language.as_str(), text, case, &mut code.chunks(text), |reader| {
        code.chunk_reader(reader).with_segment(case.max)
    });
    let counting = Code::new(config(), language).unwrap().with_context_counted();
    check(language.as_str(), text, sizer, case, || counting.chunks(text).collect());
    for chunk in counting.chunks(text).filter_map(Result::ok) {
        let size = sizer.size(&chunk.text_with_context());
        assert!(size <= case.max, "{language}, C3 with context: {:?} has {size}", chunk.text_with_context());
    }
}

/// Sources that break a parser or a scanner; more of them under `cargo xtask test --full`.
#[test]
fn broken_code_keeps_every_guarantee() {
    let pieces = [
        "fn a() {\n",
        "}\n",
        "\"",
        "'",
        "`",
        "/*",
        "*/",
        "//",
        "#if\n",
        "(",
        "]",
        "\\",
        "R\"x(",
        "@\"",
        "\"\"\"",
        "<<EOF\n",
        "EOF\n",
        "class X:\n",
        "    def y(self):\n",
        "\t",
        "é",
        "漢",
        "！",
        "👨‍👩‍👧‍👦",
        "\u{301}",
        "\0",
        "\r\n",
        ";",
        "<?php ",
        "=begin\n",
        "#{",
        "template <",
        "case x:\n",
        "end\n",
        "<a>",
        "{/*",
        "[Attr]\n",
        "\u{feff}",
    ];
    let mut seed = 7_u64;
    let rounds = if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 1500 } else { 60 };
    for round in 0..rounds {
        let mut text = String::new();
        for _ in 0..round % 60 * 2 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        for &language in Language::ALL {
            holds(&text, language, &Chars, Case { desired: 40, max: 50, overlap: 9 });
        }
    }
}

#[test]
fn what_does_not_parse_is_cut_by_lines_and_says_so() {
    let prose =
        "It was late, and nobody (but him) had seen it; \"so be it\", he said. What else?\n\n".repeat(20);
    for &language in Language::ALL.iter().filter(|&&language| language != Language::Php) {
        if language == Language::Shell || language == Language::Ruby {
            // To these, prose is commands.
            continue;
        }
        let strategy = code(language, 300);
        for chunk in chunks(&strategy, &prose) {
            assert!(chunk.is_fallback(), "{language}: {:?}", chunk.reason());
            let reason = chunk.reason().unwrap();
            assert!(reason.contains("parse") && reason.contains("by lines"), "{reason}");
            assert!(chunk.text().ends_with("\n\n"), "{language}: {:?}", chunk.text());
        }
    }
}

/// One mistake in a file does not undo the rest of it.
#[test]
fn a_mistake_leaves_the_rest_as_it_is() {
    let text = FILES[9].1.replacen("self.numbers.push_back(number);", "self.numbers.push_back(number;", 1);
    let strategy = code(Language::Rust, 320);
    let all = chunks(&strategy, &text);
    assert!(!all[0].is_fallback(), "{:?}", all[0].reason());
    assert!(all.iter().any(|chunk| chunk.text().starts_with("impl fmt::Display for Stack")));
}

#[test]
fn bounds_are_told() {
    let told = |text: &str| {
        let strategy = code(Language::JavaScript, 1000);
        let first = strategy.chunks(text).next().unwrap().unwrap();
        assert!(first.is_fallback(), "{:?}", first.reason());
        first.reason().unwrap().to_owned()
    };
    assert!(told(&"let a = 1;\n".repeat(100_000)).contains("larger than 1 MiB"));
    assert!(told(&"[".repeat(500)).contains("400 deep"));
}

/// Minified code is one line: statements and lists have the boundaries, and no operator is taken for a sentence's end.
#[test]
fn minified_code_is_cut_behind_statements() {
    let minified = "!function(){var a=!0,b=e?t:n;if(!a&&b)return a?b:c;for(var r=[],o=0;o<9;o++)r.push({k:o,v:!r[o]});d(a,function(e){return e!==b&&!e.done})}();"
        .repeat(40);
    for language in [Language::JavaScript, Language::TypeScript] {
        let strategy = code(language, 500);
        let all = chunks(&strategy, &minified);
        assert!(!all[0].is_fallback());
        for chunk in &all[..all.len() - 1] {
            let last = chunk.text().chars().next_back().unwrap();
            assert!(
                matches!(last, ';' | '}' | ',' | '{'),
                "{language}: ends with {last:?}: {:?}",
                chunk.text()
            );
            assert!(chunk.text().len() > 300, "{:?}", chunk.text());
        }
    }
}

#[test]
fn one_item_larger_than_a_chunk_is_cut_at_its_statements() {
    let body: String = (0..40).map(|i| format!("    let größe_{i} = berechne(&[{i}, {i}]);\n")).collect();
    let text = format!("/// Größen.\nfn größen() {{\n{body}}}\n\nfn nächste() {{}}\n");
    let strategy = code(Language::Rust, 300);
    let all = chunks(&strategy, &text);
    for chunk in &all[1..all.len() - 1] {
        assert!(chunk.text().starts_with("    let größe_"), "{:?}", chunk.text());
        assert_eq!(path(chunk), "fn größen()");
    }
    assert!(all.last().unwrap().text().ends_with("fn nächste() {}\n"));
}

#[test]
fn what_is_repeated_are_whole_lines_of_the_same_item() {
    let body: String = (0..40).map(|i| format!("    total += values[{i}] * weight({i});\n")).collect();
    let text = format!("int sum(void) {{\n{body}    return total;\n}}\n\nint other(void) {{\n{body}}}\n");
    let strategy = Code::new(ChunkConfig::new(400).overlap(80), Language::C).unwrap();
    let mut repeats = 0;
    for chunk in chunks(&strategy, &text) {
        let (overlap, own) = chunk.text().split_at(chunk.overlap_bytes());
        if own.starts_with("int") {
            assert_eq!(overlap, "", "nothing is repeated before an item");
        } else if !overlap.is_empty() {
            repeats += 1;
            assert!(overlap.starts_with("    ") && overlap.ends_with('\n'), "{overlap:?}");
            assert!(!overlap.contains("int"), "{overlap:?}");
        }
    }
    assert!(repeats > 3);
}

/// Headers of C++ are called `.h` as those of C are.
#[test]
fn a_header_of_cpp_is_cut_by_its_braces() {
    let text = FILES[1].1;
    let strategy = code(Language::from_name("shape.h").unwrap(), 320);
    let all = chunks(&strategy, text);
    assert!(!all[0].is_fallback(), "{:?}", all[0].reason());
    assert!(
        all.iter().any(|chunk| path(chunk).contains("class Circle final")),
        "{:?}",
        cuts(&strategy, text)
    );
}

/// The grammar takes these for JSX, up to the end of the file.
#[test]
fn typescript_with_assertions_in_angle_brackets_is_cut_by_its_braces() {
    let text = "const a = <any>window;\n\nexport class Store {\n    get(key: string): Item {\n        return <Item>this.items[key];\n    }\n\n    put(key: string, item: Item) {\n        this.items[key] = item;\n    }\n}\n";
    let strategy = code(Language::TypeScript, 130);
    let all = chunks(&strategy, text);
    assert!(!all[0].is_fallback(), "{:?}", all[0].reason());
    assert_eq!(all.last().map(path).as_deref(), Some("export class Store"));
    assert!(all.last().unwrap().text().starts_with("    put("), "{:?}", cuts(&strategy, text));
}

/// Of the two branches only one is closed.
#[test]
fn branches_of_directives_open_a_bracket_once() {
    let text = "#ifdef FAST\nint run(int a) {\n#else\nint run(long a) {\n#endif\n    return a;\n}\n\nclass B {\n    int c();\n};\n";
    let strategy = code(Language::Cpp, 80);
    let all = chunks(&strategy, text);
    assert!(!all[0].is_fallback(), "{:?}", all[0].reason());
    assert_eq!(all.last().unwrap().text(), "class B {\n    int c();\n};\n");
}

/// What a name is, and what describes what is behind it.
#[test]
fn comments_are_no_part_of_a_name_and_stay_with_what_they_describe() {
    type Named = (Language, &'static str, usize, &'static [(usize, &'static str)]);
    let cases: [Named; 10] = [
        (
            Language::Python,
            "class Alpha(Base, metaclass=Meta):  # why\n    # The first one.\n    # It is long.\n    def f(self):\n        # says why\n        a = 1\n        b = 2\n\n    def g(self):\n        return 1\n",
            110,
            &[(1, ""), (2, "class Alpha(Base, metaclass=Meta)"), (9, "class Alpha(Base, metaclass=Meta)")],
        ),
        (
            Language::Python,
            "def f(self):  # why\n    # says why\n    a = 1\n    b = 2\n    # and this\n    c = 3\n",
            40,
            &[(1, ""), (2, "def f(self)"), (5, "def f(self)")],
        ),
        (
            Language::Ruby,
            "class Alpha < Base::Of::It # why\n  # The first one.\n  def f(x)\n    a = 1\n    b = 2\n  end\n\n  def g\n    1\n  end\nend\n",
            70,
            &[(1, ""), (2, "class Alpha < Base::Of::It"), (8, "class Alpha < Base::Of::It")],
        ),
        (
            Language::JavaScript,
            "class A extends B { // why\n  f(a, // the a\n    b) {\n    let x = 1;\n    let y = 2;\n    return x + y;\n  }\n}\n",
            65,
            &[(1, ""), (2, "class A extends B"), (6, "class A extends B > f(a, b)")],
        ),
        (
            Language::Rust,
            "fn run( // why\n    a: u8, /* the a */\n) -> u8 // opens\n{\n    let a = 1;\n    let b = 2;\n    a + b\n}\n",
            70,
            &[(1, ""), (5, "fn run( a: u8, ) -> u8")],
        ),
        (
            Language::C,
            "static int f(int a, /* the a */\n  int b) /* the b */\n{\n    int x = 1;\n    int y = 2;\n    return x + y;\n}\n",
            60,
            &[(1, ""), (4, "static int f(int a, int b)")],
        ),
        (
            Language::CSharp,
            "class A // why\n{\n    // The first.\n    int F(int a) // why\n    {\n        var x = 1;\n        var y = 2;\n        return x;\n    }\n}\n",
            60,
            &[(1, ""), (3, "class A"), (6, "class A > int F(int a)"), (8, "class A > int F(int a)")],
        ),
        (
            Language::Cpp,
            "class A /* why */ : B\n{\n    // The first.\n    int F(int a, // the a\n      int b) const // why\n    {\n        auto x = 1;\n        auto y = 2;\n        return x;\n    }\n};\n",
            90,
            &[(1, ""), (3, "class A : B"), (7, "class A : B > int F(int a, int b) const")],
        ),
        (
            Language::Php,
            "<?php\nclass A // why\n{\n    // The first.\n    function f($a) // why\n    {\n        $x = 1;\n        $y = 2;\n        return $x;\n    }\n}\n",
            60,
            &[(1, ""), (4, "class A"), (7, "class A > function f($a)")],
        ),
        (
            Language::Go,
            "func F( // why\n\ta int, // the a\n\tb int,\n) int { // opens\n\tx := 1\n\ty := 2\n\treturn x + y\n}\n",
            65,
            &[(1, ""), (6, "func F( a int, b int, ) int")],
        ),
    ];
    let mut wrong = Vec::new();
    for (language, text, size, expected) in cases {
        let found = cuts(&code(language, size), text);
        let expected: Vec<_> = expected.iter().map(|&(line, path)| (line, path.to_owned())).collect();
        if found != expected {
            wrong.push(format!("{language} at {size}: {found:?} should be {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What readers found wrong in files of others, in small.
#[test]
fn paths_are_names_and_nothing_else() {
    type Named = (Language, &'static str, usize, &'static [(usize, &'static str)]);
    let cases: [Named; 7] = [
        // A comment that ends as a header does is no part of the name before it.
        (
            Language::Ruby,
            "module Shop\n  # Prices are whole numbers. In an application\n  # use it like this:\n  module Prices\n    def total\n      sum\n    end\n\n    def tax\n      sum / 5\n    end\n  end\nend\n",
            100,
            &[(1, ""), (5, "module Shop > module Prices")],
        ),
        // Of a signature that is too long to be shown, what comes before its arguments.
        (
            Language::Python,
            "def forward(\n    self,\n    the_first_argument_of_many: Optional[torch.FloatTensor] = None,\n    the_second_argument_of_many: Optional[torch.FloatTensor] = None,\n    the_third_argument_of_many: Optional[torch.FloatTensor] = None,\n    the_fourth_argument: bool = False,\n):\n    one = 1\n    two = 2\n    three = 3\n    four = 4\n",
            290,
            &[(1, ""), (9, "def forward")],
        ),
        (
            Language::Rust,
            "impl<'de, T> Visitor<'de> for Maybe<T>\nwhere\n    T: Deserialize<'de>,\n{\n    fn one(self) -> u8 {\n        1\n    }\n\n    fn two(self) -> u8 {\n        2\n    }\n}\n",
            110,
            &[(1, ""), (5, "impl<'de, T> Visitor<'de> for Maybe<T> where T: Deserialize<'de>")],
        ),
        // Two in one line.
        (
            Language::Cpp,
            "namespace shop { namespace prices {\n\nint total() {\n    return 1;\n}\n\nint tax() {\n    return 2;\n}\n\n} }\n",
            68,
            &[(1, ""), (7, "namespace shop > namespace prices")],
        ),
        (
            Language::CSharp,
            "namespace Shop { public class Prices {\n    int Total() {\n        return 1;\n    }\n\n    int Tax() {\n        return 2;\n    }\n} }\n",
            82,
            &[(1, ""), (6, "namespace Shop > public class Prices")],
        ),
        // Headers of C++ are told by what only C++ has, whether or not the grammar of C gets along with them.
        (
            Language::C,
            "#pragma once\n\nclass sink final : public base {\npublic:\n    void log(const msg &m) final override;\n    void flush() final override;\n\nprotected:\n    int color_;\n    int mode_;\n};\n",
            110,
            &[(1, ""), (6, "class sink final : public base")],
        ),
        // Attributes stay with what they describe, also where the comment above is nearly a chunk.
        (
            Language::Java,
            "class A {\n    /**\n     * It says a good deal about what the method does and why.\n     */\n    @CheckReturnValue\n    public int total(int a) {\n        return a;\n    }\n}\n",
            112,
            &[(1, ""), (5, "class A")],
        ),
    ];
    let mut wrong = Vec::new();
    for (language, text, size, expected) in cases {
        let found = cuts(&code(language, size), text);
        let expected: Vec<_> = expected.iter().map(|&(line, path)| (line, path.to_owned())).collect();
        if found != expected {
            wrong.push(format!("{language} at {size}: {found:?} should be {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each row of a table is a block, and all of them are one statement: what is before a row is not looked at for each. That
/// took minutes.
#[test]
fn c5_a_table_is_no_name_of_its_rows() {
    let rows = "    {1, 2}, {3, 4},\n".repeat(25_000);
    for (language, text) in [
        (Language::Cpp, format!("static const int table[][2] = {{\n{rows}}};\n")),
        (Language::CSharp, format!("class A\n{{\n    int[,] t = {{\n{rows}    }};\n}}\n")),
        (Language::CSharp, "{}= {}= ".repeat(60_000)),
    ] {
        let strategy = code(language, 4000);
        let all = chunks(&strategy, &text);
        assert!(all.len() > 100, "{language}: {}", all.len());
        assert!(all.iter().all(|chunk| chunk.context().len() < 2), "{language}");
    }
    let strategy = code(Language::Cpp, 400);
    let nested = "#if A\n".repeat(1000);
    assert!(chunks(&strategy, &nested)[0].reason().unwrap().contains("nests conditions"));
}
