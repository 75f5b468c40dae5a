//! The words that sentences begin with and that tell languages apart.

use std::sync::LazyLock;

use super::bits;

const LANGUAGES: usize = 13;

/// A set of languages, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Languages(u16);

impl Languages {
    pub(super) const EN: Languages = Languages(1);
    pub(super) const DE: Languages = Languages(2);
    pub(super) const FR: Languages = Languages(4);
    pub(super) const ES: Languages = Languages(8);
    pub(super) const PT: Languages = Languages(16);
    pub(super) const IT: Languages = Languages(32);
    pub(super) const NL: Languages = Languages(64);
    /// Languages of the North, which write ordinals as German does.
    pub(super) const NORTH: Languages = Languages(128);
    /// Czech, Slovak, Slovene, Croatian.
    pub(super) const SLAVIC: Languages = Languages(256);
    pub(super) const PL: Languages = Languages(512);
    /// Finnish and Estonian.
    pub(super) const FINNIC: Languages = Languages(1024);
    pub(super) const HU: Languages = Languages(2048);
    pub(super) const TR: Languages = Languages(4096);
    pub(super) const ANY: Languages = Languages((1 << LANGUAGES) - 1);
    pub(super) const NONE: Languages = Languages(0);

    pub(super) const fn or(self, other: Languages) -> Languages {
        Languages(self.0 | other.0)
    }

    pub(super) fn has_any(self, other: Languages) -> bool {
        self.0 & other.0 != 0
    }

    fn each(self) -> impl Iterator<Item = usize> {
        (0..LANGUAGES).filter(move |bit| self.0 >> bit & 1 == 1)
    }
}

/// Function words: articles, pronouns, prepositions, conjunctions, forms of "to be" and "to have", question words. They are
/// the most frequent words of any text, seldom names, and among the first that a grammar of the language lists.
const WORDS: [(Languages, &str); 15] = [
    (
        Languages::EN,
        "a after all also although an and another any are as at be because been before but by can could did do does during \
         each even every few finally first for from had has have he her here his how however i if in instead is it its let \
         many may meanwhile more moreover most my nevertheless no nobody nor not nothing now of often on once one only or our \
         over perhaps please she should since so some still such than that the their them then there therefore these they \
         this those though thus to today under until was we were what when where whether which while who whose why will with \
         would yet you your yesterday",
    ),
    (
        Languages::DE,
        "aber alle als also am an auch auf aus bei bis da dabei dadurch dagegen damit danach dann daher darum das dass dazu \
         dein dem den denn der deren des deshalb die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem \
         einen einer eines er erst es für gegen gibt haben hat hatte hier ich ihm ihn ihr ihre im in ist jede jeder jedes \
         jedoch kann kein keine können man mein meine mit nach nicht noch nun nur ob oder ohne sehr sein seine sich sie sind \
         so sogar über um und uns unser unter vom von vor wann war waren warum was weil wenn wer werden wie wieder wir wird \
         wo zu zum zur zwischen",
    ),
    (
        Languages::FR,
        "ainsi alors après au aucun aussi autre aux avant avec ça car ce cela ces cet cette chaque comme comment dans de depuis \
         des donc dont du elle elles en encore enfin ensuite est et était il ils je la le les leur leurs lorsque lui ma mais \
         même mes mon ne nos notre nous on ont or où par parce pas pendant peu plus pour pourquoi puis quand que quel quelle \
         quelques qui sa sans selon ses si son sont sous sur ta tes ton toujours tous tout toute très tu un une vos votre \
         vous y",
    ),
    (
        Languages::ES,
        "a además ahora al algunos ante antes así aunque aún cada como con contra cuando cuál cuándo cómo de del desde después \
         donde dónde durante e el ella ellas ellos en entonces entre era es esa ese eso esta estas este esto estos está están \
         fue había ha hasta hay la las le les lo los luego mas me mi mientras mis muchos muy más nada ni no nos nosotros nuestra \
         nuestro o otra otro para pero por porque pues que quien quién qué se según ser si sin sobre son su sus sí también \
         tampoco te todo todos tu tus tú un una unos usted y ya yo él",
    ),
    (
        Languages::PT,
        "a além ainda alguns ante antes ao aos apesar após as assim até cada com como contra da das de dela dele depois desde do \
         dos durante e ela elas ele eles em enquanto entre era essa esse esta este eu está foi há isso isto já lhe logo mais mas \
         me mesmo meu minha muito na nas nem no nos nossa nosso nunca não nós o onde os ou outra outro para pela pelo por porque \
         porém ninguém quando que quem qual se segundo sem ser seu seus sob sobre sua suas são só também tem todo todos tu tudo um uma você é",
    ),
    (
        Languages::IT,
        "a ad adesso ai al alcuni alla alle allo allora anche ancora anzi appena che chi ci ciò col come con contro così cui da \
         dal dalla dei del della delle dello di dopo dove durante e ecco ed era erano essa essere fra fu gli ha hanno ho i il in \
         infatti infine inoltre io la le lei li lo loro lui ma mentre mi mia mio molti nei nel nella nelle nello ne noi non \
         nonostante nostra nostro o ogni oggi oppure ora per perché perciò però più poi poiché prima può qual quale quando quanto \
         quella quelle quelli quello questa queste questi questo qui quindi se secondo sei senza si siamo sono sopra sotto sta \
         sua sue sul sulla suo tra tu tutti tutto un una uno vi voi è",
    ),
    (
        Languages::NL,
        "aan al alle alles als altijd ander bij daar daarna daarom dan dat de deze die dit door een eens elk en er echter geen had heb \
         hebben heeft het hier hij hoe hoewel hun iedereen ik in is ja je jij jullie kan kunnen maar me meer men met mijn na naar nadat \
         niemand niet niets nog nooit nu of om omdat ondanks onder ons onze ook op over sinds soms te tegen terwijl tijdens toch toen tot \
         u uit van vanaf veel volgens voor waar waarom wanneer want waren was wat we werd wie wij wil worden ze zelfs zich zij \
         zijn zo zonder zou zullen",
    ),
    (
        Languages::NORTH,
        "af alle at blev da de den denne der det dette dig disse dog du efter eller en er et for fra før han hans har havde hun \
         hvad hvem hvis hvor hvornår hvorfor i ikke jeg kan kun man med men mig min mod måske nej nogle nu når og også om op over \
         på sig sin skal som så til ud under var ved vi vil være",
    ),
    // Of these, only words that are none of the languages above.
    (
        Languages::SLAVIC,
        "aby aj ako alebo ali ampak ani ať avšak ačkoliv bez bil bila bilo bio bol bola boli bolo buď byl byla byli bylo být byť gdje \
         iba jako jeho jej její jejich jen jsem jsi jsme jsou jste kako ker kde když keď koja koje koji ktorá ktoré ktorý která které \
         který ktoré ještě ešte len lebo mezi medzi nebo není nie nijesu nije pred před pretože protože při podľa podle samo sem som sme \
         sta sú také tak tam takže této tento tato toto tu tudi už však viac více zato že žije aby nich ním něj",
    ),
    (
        Languages::PL,
        "albo ale aby być bardzo był była było byli czy dlaczego dla gdy gdyż gdzie jego jest jestem jeszcze jeśli kiedy która które \
         którego których który lub nie oraz ponieważ przed przez przy po się są także też tylko tutaj więc że żeby",
    ),
    (
        Languages::FINNIC,
        "aga ei eivät enne ennen että hän he jotka joka jos jälkeen kaikki kanssa kes kuin kui kuitenkin meie minä mukaan mutta myös \
         nad nende niin ning nyt oli olid olivat ovat pärast sekä siellä sinä siis tema teie tämä vaid vain voi",
    ),
    (
        Languages::HU,
        "alatt amely amikor azért azt azonban csak egy ezek ezt hogy ki lesz már még mert mint minden nagy nagyon nem pedig szerint után \
         vagy volt voltak és így között",
    ),
    (
        Languages::TR,
        "ama ancak bir biz bu bunlar çok çünkü da daha değil gibi göre hiç için ile kadar onlar onun sonra siz şey şu ve ya yok \
         olarak olan önce",
    ),
    // Scripts that no other language here writes, so that no bit is needed.
    (
        Languages::ANY,
        "αλλά αν αυτά αυτές αυτή αυτό αυτοί αυτός αφού γιατί για δεν εγώ εδώ εκεί εμείς ένα ένας επειδή επίσης εσύ έτσι η ήταν θα και κι \
         μα με μετά μη μην μια να ο οι όμως όπου όταν πού πώς πριν σε στα στη στην στις στο στον τα τη την της τι τις το τον του τους \
         τότε των τώρα ύστερα",
    ),
    (
        Languages::ANY,
        "а без был была были было в во вот все всё вы где да для до если же за здесь и из или их к как кто когда который кроме мы на \
         над не нет но о об он она они оно от перед по под после потом почему при с сейчас со так также там теперь то тогда ты у \
         уже что чтобы эта эти это этот я той тя те се",
    ),
];

/// Those of them that begin names: `Le Pen`, `Van Gogh`, `De Sica`.
const PARTICLES: [&str; 21] = [
    "a", "al", "da", "dal", "das", "de", "del", "della", "den", "der", "des", "di", "do", "dos", "du", "la",
    "las", "le", "les", "los", "van",
];

/// Function words by their letters, each in the first place from where its letters point to that was free.
struct Table {
    /// Numbers of entries, 0 where there is none.
    places: Box<[u16; PLACES]>,
    /// The first is of no word.
    entries: Vec<Entry>,
}

/// A word and the languages that have it.
#[derive(Clone, Copy)]
struct Entry {
    key: u128,
    languages: Languages,
    counts: Counts,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let none = Entry { key: 0, languages: Languages::NONE, counts: Counts::NONE };
    let mut table = Table { places: Box::new([0; PLACES]), entries: vec![none] };
    for (languages, words) in WORDS {
        for key in words.split_whitespace().filter_map(|word| key_of(word.as_bytes())) {
            let found = table.find(key);
            let languages = found.map_or(languages, |number| table.entries[number].languages.or(languages));
            let entry = Entry { key, languages, counts: Counts::one_of(languages) };
            match found {
                Some(number) => table.entries[number] = entry,
                None => table.add(entry),
            }
        }
    }
    table
});

/// Four times as many as there are words, so that most places are their first.
const PLACES: usize = 4096;

impl Table {
    fn find(&self, key: u128) -> Option<usize> {
        let mut place = place_of(key);
        loop {
            let number = usize::from(self.places[place]);
            if number == 0 || self.entries[number].key == key {
                return Some(number).filter(|&number| number > 0);
            }
            place = (place + 1) % PLACES;
        }
    }

    fn add(&mut self, entry: Entry) {
        let mut place = place_of(entry.key);
        while self.places[place] > 0 {
            place = (place + 1) % PLACES;
        }
        self.places[place] = self.entries.len() as u16;
        self.entries.push(entry);
    }
}

/// The first place where a word may stand, by the upper bits of a product, which depend on all letters.
fn place_of(key: u128) -> usize {
    let folded = (key ^ key >> 64) as u64;
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.ilog2())) as usize
}

/// The bytes of a word as one number; `None` of a long one.
fn key_of(word: &[u8]) -> Option<u128> {
    (word.len() <= size_of::<u128>())
        .then(|| word.iter().rev().fold(0, |key, &byte| key << 8 | u128::from(byte)))
}

/// The languages that have this function word, in lower case.
pub(super) fn languages_of(word: &str) -> Languages {
    let found = key_of(word.as_bytes()).and_then(|key| TABLE.find(key));
    found.map_or(Languages::NONE, |number| TABLE.entries[number].languages)
}

/// Whether names begin with it, too.
pub(super) fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}

/// How many function words each language has, a byte for each.
#[derive(Clone, Copy)]
struct Counts(u128);

impl Counts {
    const NONE: Counts = Counts(0);

    /// One for each of these.
    fn one_of(languages: Languages) -> Counts {
        Counts(languages.each().fold(0, |counts, language| counts | 1 << (8 * language)))
    }

    /// The languages with the most, at least two. Not inlined, so that the counts stay one number until then.
    #[inline(never)]
    fn most(self) -> Languages {
        let counts = self.0.to_le_bytes();
        let most = counts.into_iter().max().filter(|&most| most >= 2);
        let bits = counts.iter().enumerate().filter(|&(_, &count)| Some(count) == most);
        Languages(bits.fold(0, |set, (language, _)| set | 1 << language))
    }
}

/// The languages that an excerpt is written in, as far as its function words tell: those with the most of them, at least
/// two; none if there are no two.
pub(super) fn languages_in(excerpt: &str) -> Languages {
    // Of words of two letters and a blank, no count is more than a byte holds.
    debug_assert!(excerpt.len() < 3 * 256, "an excerpt of {} bytes", excerpt.len());
    let (table, bytes) = (&*TABLE, excerpt.as_bytes());
    let mut counts = Counts::NONE;
    let mut count = |key| counts.0 += table.find(key).map_or(0, |number| table.entries[number].counts.0);
    let mut at = 0;
    while at < bytes.len() {
        // All bytes of a word at once: how long it is cannot be predicted.
        let near = near(&bytes[at..]);
        let other = near.map(|byte| byte >> 7);
        let letters = near.map(|byte| u8::from((byte | 0x20).wrapping_sub(b'a') < 26) | byte >> 7);
        let length = bits::of_16(letters).trailing_ones() as usize;
        if length == near.len() || bits::of_16(other).trailing_zeros() < length as u32 {
            let rest = &bytes[at..];
            let end = rest.iter().position(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic());
            let part = &excerpt[at..at + end.unwrap_or(rest.len())];
            let words = part.split(|c: char| !c.is_alphabetic()).filter(|word| is_short(word.len()));
            words.filter_map(|word| key_of(word.to_lowercase().as_bytes())).for_each(&mut count);
            at += part.len() + 1;
            continue;
        }
        if is_short(length) {
            let letters = u128::MAX >> (8 * (near.len() - length));
            count((u128::from_le_bytes(near) | u128::from_le_bytes([0x20; 16])) & letters);
        }
        // The byte behind it is of no word.
        at += length + 1;
    }
    counts.most()
}

/// The first bytes, and zeros where there are no more.
fn near(bytes: &[u8]) -> [u8; 16] {
    bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut near = [0; 16];
        near[..bytes.len()].copy_from_slice(bytes);
        near
    })
}

/// Longer and shorter words are left out where a language is looked for.
fn is_short(bytes: usize) -> bool {
    (2..=10).contains(&bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sentence_tells_its_language() {
        for (text, language) in [
            ("The cat is on the roof and it does not come down.", Languages::EN),
            ("Die Katze ist auf dem Dach und kommt nicht herunter.", Languages::DE),
            ("Le chat est sur le toit et ne descend pas.", Languages::FR),
            ("El gato está en el tejado y no quiere bajar.", Languages::ES),
            ("O gato não quer descer do telhado, mas ele tem fome.", Languages::PT),
            ("Il gatto è sul tetto e non vuole più scendere.", Languages::IT),
            ("De kat zit op het dak en wil niet naar beneden.", Languages::NL),
        ] {
            assert_eq!(languages_in(text), language, "{text}");
        }
        assert_eq!(languages_in("Lorem ipsum dolor"), Languages::NONE);
    }

    proptest! {
        #[test]
        fn words_are_counted_one_by_one(
            words in prop::collection::vec("(the|und|THE|Les|für|Für|nicht|a|x|naïve|internationalisation|éé|ЭТО|это)", 0..30),
            part in "( |, |'|-|\\u{201d} |\\u{a0}|1)",
        ) {
            let excerpt = words.join(&part);
            let mut counts = [0; LANGUAGES];
            let parts = excerpt.split(|c: char| c.is_ascii() && !c.is_ascii_alphabetic());
            for word in parts.flat_map(|part| part.split(|c: char| !c.is_alphabetic())).filter(|word| is_short(word.len())) {
                languages_of(&word.to_lowercase()).each().for_each(|language| counts[language] += 1);
            }
            let most = counts.into_iter().max().filter(|&most| most >= 2);
            let expected = (0..LANGUAGES).filter(|&language| Some(counts[language]) == most);
            let expected = Languages(expected.fold(0, |set, language| set | 1 << language));
            prop_assert_eq!(languages_in(&excerpt), expected, "{}", excerpt);
        }
    }
}
