//! [`leads_on`]: words that no line and no sentence ends with.

/// Whether a word that ends here leads on to another, in any language: an article, a conjunction, a preposition that stands
/// before its noun.
pub(super) fn leads_on(before: &[u8]) -> bool {
    // None of them has so many bytes.
    let near = before.iter().rev().take(8);
    let length = near.take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80).count();
    let (head, word) = before.split_at(before.len() - length);
    // Of an address or a label, `example.com` and `5a`, and of a time, `9 am`, it is only a part.
    let is_part = head.last().is_some_and(|byte| byte.is_ascii_digit() || b"./@_".contains(byte))
        || word == b"am" && head.trim_ascii_end().last().is_some_and(u8::is_ascii_digit);
    if is_part {
        return false;
    }
    matches!(
        word,
        b"the"
            | b"a"
            | b"an"
            | b"of"
            | b"and"
            | b"or"
            | b"from"
            | b"into"
            | b"than"
            | b"my"
            | b"your"
            | b"our"
            | b"their"
            | b"der"
            | b"das"
            | b"den"
            | b"dem"
            | b"des"
            | b"eine"
            | b"einen"
            | b"einem"
            | b"einer"
            | b"eines"
            | b"und"
            | b"oder"
            | b"von"
            | b"vom"
            | b"zum"
            | b"zur"
            | b"im"
            | b"am"
            | b"beim"
            | b"seine"
            | b"ihre"
            | b"ihren"
            | b"le"
            | b"la"
            | b"les"
            | b"un"
            | b"une"
            | b"du"
            | b"de"
            | b"et"
            | b"ou"
            | b"au"
            | b"aux"
            | b"dans"
            | b"ses"
            | b"el"
            | b"los"
            | b"las"
            | b"una"
            | b"del"
            | b"al"
            | b"y"
            | b"por"
            | b"sus"
            | b"um"
            | b"uma"
            | b"dos"
            | b"da"
            | b"em"
            | b"na"
            | b"ao"
            | b"com"
            | b"pelo"
            | b"pela"
            | b"il"
            | b"gli"
            | b"di"
            | b"della"
            | b"delle"
            | b"dei"
            | b"nel"
            | b"nella"
            | b"dal"
            | b"dalla"
            | b"sul"
            | b"het"
            | b"een"
            | b"en"
            | b"op"
            | b"met"
            | b"voor"
    ) || word == "für".as_bytes()
        || word == "à".as_bytes()
}
