//! Abbreviations that a full stop belongs to.
//!
//! Short lists: what the style guides of each language name first (New Hart's Rules and the Chicago Manual for English,
//! Duden for German, the Imprimerie nationale's Lexique for French, the Real Academia's Ortografía for Spanish, the
//! Acordo Ortográfico's lists for Portuguese, Treccani for Italian, the Taalunie for Dutch) and CLDR's suppressions have
//! in common. What is a word of another language here counts only where the text near it is in its own.

use std::sync::LazyLock;

use super::function_words::Languages;

/// What a full stop behind an abbreviation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abbreviation {
    /// Stands before a name and never ends a sentence: `Dr.`, `Mrs.`
    Title,
    /// May stand before a name, and ends a sentence only where a word follows that sentences begin with and names do not:
    /// `St.`, `Jr.`
    Name,
    /// Stands before a number; behind it, before anything else, a sentence may end: `No.`, `p.`, `Jan.`
    Number,
    /// Stands behind a number; behind it, before anything but another number, a sentence may end: `lb.`, `ft.`
    Unit,
    /// Ends a sentence only where a word follows that sentences begin with: `etc.`, `Inc.`, `usw.`
    Other,
}

use Abbreviation::{Name, Number, Other, Title, Unit};

const ANY: Languages = Languages::ANY;
const EN: Languages = Languages::EN;
const DE: Languages = Languages::DE;
const FR: Languages = Languages::FR;
const ES: Languages = Languages::ES;
const PT: Languages = Languages::PT;
const IT: Languages = Languages::IT;
const NL: Languages = Languages::NL;
const NORTH: Languages = Languages::NORTH;
const SLAVIC: Languages = Languages::SLAVIC;
const PL: Languages = Languages::PL;
const HU: Languages = Languages::HU;

/// In lower case. `ANY` stands for abbreviations that are no words in any of the languages; of the others, the language has
/// to be seen nearby.
const LISTS: [(Abbreviation, Languages, &str); 51] = [
    (
        Title,
        ANY,
        "adm amb asst atty brig capt cdr cmdr cpl dr gov hon lt messrs mr mrs ms mx prof profs pvt rev rt sen sens sgt supt",
    ),
    (Title, ANY, "dipl frhr frl hr hrn hl mult"),
    (Title, ANY, "mgr mlle mlles mm mme mmes vve"),
    (
        Title,
        ANY,
        "arq cnel dra dras drs excma excmo exma exmo gral ilma ilmo lic mons profa profs sra sras sres srta srtas",
    ),
    (Title, ANY, "avv dott egr geom psicol sig sigg spett"),
    (Title, ANY, "dhr ds ing jhr mej mevr mw skt"),
    (Title, EN, "col gen maj pres rep reps ven"),
    (Title, DE, "fa fam fr habil jur mag med nat phil rer theol"),
    (Title, FR, "cap col dr me pr"),
    (Title, ES, "cap dn dña fco sgto sto tte vd"),
    (Title, PT, "cap cel dom eng sgt sto ten"),
    (Title, IT, "amm arch cap cav col dir gen gent min on pres rag"),
    (Title, NL, "burg ir past"),
    (Name, ANY, "av ft jr jun mt mts snr sr st sta ste"),
    (
        Number,
        ANY,
        "abb abschn abs afb afd anm aufl bd bde bl blz cap caps chap ch chs eq eqs fig figs hfst kap no nos nr nrs num nums núm \
         núms p pag pagg pág págs pp ref refs rn rz sec secs tab vol vols ziff art arts artt párr párrf ex exs op pt pts cl tít §§ tfno fax par",
    ),
    (
        Number,
        ANY,
        "abr août apr aug avr déc dec dez dic ene feb febr fev févr fri gen giu jan janv juil jul jun lug mar mär mrt nov oct \
         okt ott sep sept thu thur thurs tue tues",
    ),
    (
        Number,
        ANY,
        "ann app bk bks buchst cor def exh fl fn heb hs iss lem lib lit matt mi mon para paras prop reg regs rev rm rom sat sched ser \
         subpara subparas sun thess thm tim ver vers wed",
    ),
    (Number, ES, "ap apdo inc pta"),
    (Number, ES.or(PT).or(IT), "ago"),
    (Number, PT, "mai out set"),
    (Number, ES, "lun mié jue vie sáb dom"),
    (Number, IT, "mag"),
    (
        Other,
        ANY,
        "al approx apt assn assoc ave blvd bldg bros cf co corp dept depts ed eds est etc excl ext govt hwy incl inc intl llc ltd mfg \
         misc natl obs plc pty rd resp sq tel tél transl univ viz vs",
    ),
    (
        Other,
        ANY,
        "abzgl allg betr bspw bzw ca dt einschl engl entspr evang evtl exkl frz geb gegr gest ggf ggfs griech hbf bhf hrsg inkl insb \
         insbes jh jhd jhdt kath mio mrd österr röm schweiz sog std str südl nördl östl westl tsd urspr usf usw verh vgl zzgl",
    ),
    (Other, ANY, "aprox avda cfr cía cia cit dpto ecc ej ltda máx mín pça"),
    (Other, ANY, "bijv enz jl mld mln oorspr zgn"),
    (Other, EN, "abbr adj arr avg dist elev hist illus lat mil min max phys prob pub"),
    (
        Other,
        DE,
        "abt bearb bes bez ber best bibl dat einl ehem ev gem ges gesch geogr int kgl kl lat max mill min mind mod mtl näml od reg sek stv \
         tägl ugs umg verf verw vorm wg zus zw",
    ),
    (Other, FR, "adj ann apr av boul bull coll dép éd env fém hab masc max min plur sing subst suppl trad"),
    (Other, ES, "av ayto cra esq gob izq dcha max min pdte prov ss trad ud uds vds"),
    (Other, PT, "av dir esq gov max min prov séc sécs"),
    (Other, IT, "all circ corr disp es fasc int lett op prov racc reg sez ss succ trad v vv"),
    (Other, NL, "bv evt geb gebr gem hoogl max min ong red verg"),
    (Other, NORTH, "dvs evt fx mfl osv"),
    // What abbreviates `for example` and `so-called` ends nothing, as a title does.
    (Title, ANY, "bc inż judr ks mudr napr např np phdr pplk rndr tj tzn tzv tzw kpt mjr"),
    (Title, SLAVIC, "doc plk sv"),
    (Title, PL, "abp al bp dyr pl por red św ul woj"),
    (Title, ANY, "esim ul"),
    (Title, HU, "pl"),
    (Number, PL, "ok"),
    // `to us` and `to them`, too.
    (Name, ANY, "nám"),
    (Name, PL, "im"),
    (Number, ANY, "alin bek čl md ods odst pàg pàgs písm sid ust"),
    (Number, ANY, "čís godz obr roč tabl zał"),
    (Other, ANY, "apod atď itd itp pozn"),
    (Other, PL, "hab min pkt pon tys wg zob"),
    (Other, SLAVIC, "atp csc kol mil napr tis ved vyd"),
    // Where the text is in none of the languages that they are more in.
    (Number, ANY, "apto max min press temp"),
    (Title, ANY, "attn eg ie"),
    (Other, ANY, "boul ctra"),
    (Unit, ANY, "cwt ft hr hrs in lb lbs oz qt qts sqft yd yds yr yrs"),
];

/// The same in scripts that tell the language.
const OTHER_SCRIPTS: [(Abbreviation, &str); 8] = [
    // Cyrillic.
    (
        Title,
        "акад бул вкл вул г гр доц ім инж журн кн наб напр обл пгт пл пос пр-т просп проф респ св смт тов ул чл",
    ),
    (Name, "им"),
    (Number, "ал год див илл мал п рис розд см ст стор стр табл"),
    (Other, "вв вид гг грн др кв коп млн млрд пр р ред рр руб сек ст т тел тис тыс хв"),
    (Unit, "коп руб"),
    // Greek.
    (Title, "αγ δρ καθ κα κκ κος λεωφ οδ στρ"),
    (Number, "άρθρ αρ εικ κεφ παρ πίν σελ τηλ τόμ"),
    (Other, "βλ δηλ κλπ κτλ κ.λπ"),
];

/// The same in scripts of India, where a word is told by its syllables first.
pub(super) const INDIC: [&str; 24] = [
    "डॉ",
    "डा",
    "श्री",
    "श्रीमती",
    "सुश्री",
    "प्रो",
    "पं",
    "कु",
    "मि",
    "रु",
    "सौ",
    "ডা",
    "ডঃ",
    "ড",
    "মি",
    "মো",
    "ডો",
    "ડૉ",
    "ડો",
    "શ્રી",
    "પ્રો",
    "ਡਾ",
    "ਪ੍ਰੋ",
    "திரு",
];

/// Pairs of letters that never end a sentence, with and without a blank between them: `z. B.`, `e.g.`
const PAIRS: [&str; 28] = [
    "e.g", "a.k.a", "i.e", "z.b", "d.h", "p.ex", "p.ej", "c.-à-d", "z.t", "z.zt", "u.u", "d.w.z", "m.a.w",
    "t.a.v", "i.v.m", "i.p.v", "ad.es", "f.eks", "t.ex", "d.v.s", "m.a.o", "m.in", "dr.hab", "т.е", "т.к",
    "p.s", "p.p.s", "n.b",
];

/// What is known of a word before a full stop, given in lower case, and of which languages that is said.
pub(super) fn abbreviations(word: &str) -> &'static [Entry] {
    if !may_be(word.as_bytes()) {
        return &[];
    }
    let first = TABLE.partition_point(|&(known, ..)| known < word);
    let count = TABLE[first..].iter().take_while(|&&(known, ..)| known == word).count();
    &TABLE[first..first + count]
}

/// What comes before the first full stop of these is no longer, but for what no word is.
pub(super) const LONGEST_FIRST_BYTES: usize = 2;

/// Whether full stops and letters, given in lower case and without blanks, are an abbreviation that never ends a sentence.
pub(super) fn never_ends(letters: &str) -> bool {
    PAIRS.contains(&letters)
}

/// Whether some of them end with this word, in any case.
pub(super) fn ends_pair(word: &[u8]) -> bool {
    PAIRS
        .iter()
        .filter_map(|pair| pair.as_bytes().rchunks(word.len()).next())
        .any(|end| end.eq_ignore_ascii_case(word))
}

pub(super) type Entry = (&'static str, Abbreviation, Languages);

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let others = OTHER_SCRIPTS.iter().map(|&(kind, words)| (kind, ANY, words));
    let lists = LISTS.into_iter().chain(others);
    let words = |(kind, languages, words): (Abbreviation, Languages, &'static str)| {
        words.split_whitespace().map(move |word| (word, kind, languages))
    };
    let mut all: Vec<_> = lists.flat_map(words).collect();
    all.sort_by_key(|&(word, ..)| word);
    all
});

/// Whether the word may be an abbreviation, of ASCII letters in any case. Of those that are none, one in some hundreds passes.
pub(super) fn may_be(word: &[u8]) -> bool {
    let has = |bit: usize| FILTER[bit / 64] >> (bit % 64) & 1 == 1;
    word.len() <= LONGEST_BYTES && has(bit_of_ends(word)) && has(bit_of_all(word))
}

/// A word's bit in the filter by its ends and its length.
const fn bit_of_ends(word: &[u8]) -> usize {
    if word.is_empty() {
        return 0;
    }
    let (first, last) = (word[0] | 0x20, word[word.len() - 1] | 0x20);
    let second = word[if word.len() > 1 { 1 } else { 0 }] | 0x20;
    (first as usize * 31 + second as usize * 271 + last as usize * 7 + word.len() * 613) % (FILTER_BITS / 2)
}

/// Its bit by all of its letters.
const fn bit_of_all(word: &[u8]) -> usize {
    let (mut hash, mut at) = (0_u32, 0);
    while at < word.len() {
        hash = (hash ^ (word[at] | 0x20) as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    FILTER_BITS / 2 + (hash ^ (hash >> 16)) as usize % (FILTER_BITS / 2)
}

const FILTER_BITS: usize = 16384;

static FILTER: [u64; FILTER_BITS / 64] = {
    let mut filter = [0; FILTER_BITS / 64];
    let mut list = 0;
    while list < LISTS.len() {
        filter = add(filter, LISTS[list].2.as_bytes());
        list += 1;
    }
    let mut list = 0;
    while list < OTHER_SCRIPTS.len() {
        filter = add(filter, OTHER_SCRIPTS[list].1.as_bytes());
        list += 1;
    }
    filter
};

const fn add(mut filter: [u64; FILTER_BITS / 64], words: &[u8]) -> [u64; FILTER_BITS / 64] {
    let (mut start, mut at) = (0, 0);
    while at <= words.len() {
        if at == words.len() || words[at] == b' ' {
            if at > start {
                let word = words.split_at(start).1.split_at(at - start).0;
                let (ends, all) = (bit_of_ends(word), bit_of_all(word));
                filter[ends / 64] |= 1 << (ends % 64);
                filter[all / 64] |= 1 << (all % 64);
            }
            start = at + 1;
        }
        at += 1;
    }
    filter
}

/// No abbreviation is longer.
pub(super) const LONGEST_BYTES: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_abbreviation_passes_the_filter() {
        for (word, ..) in TABLE.iter() {
            assert!(
                may_be(word.as_bytes()) && word.len() <= LONGEST_BYTES && *word == word.to_lowercase(),
                "{word}"
            );
        }
    }

    #[test]
    fn few_words_pass_it() {
        let words = "their which about would these other words could write first water after where right think three years \
                     place sound great again still every small found those never under might while house world below asked";
        let passing = words.split_whitespace().filter(|word| may_be(word.as_bytes())).count();
        assert!(passing < 2, "{passing}");
    }
}
