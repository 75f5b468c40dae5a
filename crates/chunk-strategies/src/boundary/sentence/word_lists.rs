//! Words that say what a full stop near them is, beside the [abbreviations](super::abbreviations).

/// Titles that are words of some language where they are written in small letters: meaning and dream, she, cell, me.
pub(super) const ORDINARY: [&str; 7] = ["sens", "sen", "hon", "rev", "brig", "profs", "me"];

/// Abbreviations that are words of some language where they are written in small letters: to like, sun, my, to wed.
pub(super) const CAPITALISED: [&str; 13] =
    ["mm", "mag", "вид", "sun", "mon", "wed", "sat", "def", "prop", "cor", "lem", "rom", "heb"];

/// Nouns that a letter tells apart from others of their kind.
pub(super) const LETTERED: [&str; 24] = [
    "plan",
    "Plan",
    "vitamin",
    "Vitamin",
    "type",
    "Type",
    "Typ",
    "class",
    "Class",
    "Klasse",
    "group",
    "Group",
    "Gruppe",
    "option",
    "Option",
    "hepatitis",
    "Hepatitis",
    "grade",
    "part",
    "Part",
    "appendix",
    "Appendix",
    "tipo",
    "plano",
];

/// What a number tells apart from others of its kind, as a sentence begins with it.
pub(super) const LABELS: [&str; 62] = [
    "Step",
    "Chapter",
    "Section",
    "Part",
    "Figure",
    "Table",
    "Example",
    "Exercise",
    "Question",
    "Answer",
    "Problem",
    "Rule",
    "Note",
    "Lesson",
    "Article",
    "Scene",
    "Act",
    "Theorem",
    "Lemma",
    "Appendix",
    "Schritt",
    "Kapitel",
    "Abschnitt",
    "Teil",
    "Abbildung",
    "Tabelle",
    "Beispiel",
    "Aufgabe",
    "Frage",
    "Regel",
    "Satz",
    "Artikel",
    "Étape",
    "Etape",
    "Chapitre",
    "Partie",
    "Tableau",
    "Exemple",
    "Exercice",
    "Paso",
    "Capítulo",
    "Parte",
    "Figura",
    "Tabla",
    "Ejemplo",
    "Ejercicio",
    "Artículo",
    "Passo",
    "Tabela",
    "Exemplo",
    "Artigo",
    "Capitolo",
    "Tabella",
    "Esempio",
    "Stap",
    "Hoofdstuk",
    "Voorbeeld",
    "Trin",
    "Шаг",
    "Глава",
    "Рисунок",
    "Крок",
];

/// What sentences begin with that begin with a time.
pub(super) const FRONTING: [&str; 10] =
    ["At", "By", "Around", "About", "On", "In", "Before", "After", "From", "Until"];

/// What sentences begin with and nothing is called in code: pronouns, articles and a few more.
pub(super) const DIRECT: [&str; 39] = [
    "The", "This", "That", "These", "Those", "There", "He", "She", "It", "We", "They", "You", "My", "His",
    "Her", "Its", "Our", "Their", "Today", "However", "Der", "Die", "Das", "Er", "Sie", "Wir", "Ich", "Le",
    "La", "Les", "Il", "Elle", "Ce", "El", "Los", "Las", "Het", "Een", "Det",
];

/// Letters behind a year or a name, which a name seldom follows.
pub(super) const TRAILING: [&str; 13] =
    ["b.c", "b.c.e", "c.e", "a.d", "ph.d", "ll.m", "ll.b", "m.sc", "b.sc", "m.phil", "т.д", "т.п", "н.э"];

/// What follows a time of day.
pub(super) const DAYS: [&str; 15] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Eastern",
    "Central",
    "Mountain",
    "Pacific",
    "Greenwich",
    "Daily",
    "Standard",
    "Local",
];

/// Of languages that write a full stop behind the day.
pub(super) const MONTHS: [&str; 26] = [
    "Januar",
    "Jänner",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
    "Jan",
    "Feb",
    "Apr",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Sept",
    "Okt",
    "Nov",
    "Dez",
    "Marts",
    "December",
];

/// Of English, which writes no full stop behind the day by itself, but people do.
pub(super) const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What stands before a date in English.
pub(super) const LEADS_TO_DATE: [&str; 14] = [
    "on", "On", "from", "From", "until", "till", "since", "Since", "before", "after", "of", "the", "dated",
    "by",
];
