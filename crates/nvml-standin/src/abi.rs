//! NVML's symbols, a file a group, and here how values cross to C.

#![allow(unsafe_code, non_snake_case)]

mod facts;
mod find;
mod instances;
mod processes;
mod start;

use std::ffi::{CStr, c_char, c_uint, c_void};

use crate::card::{Answered, Card, Failure};
use crate::instance::{Progress, instance};

type Code = c_uint;
type Handle = *mut c_void;

fn code(result: Result<(), Failure>) -> Code {
    result.map_or_else(|Failure(code)| code, |()| 0)
}

/// A place of the caller's, which NVML's contract makes writable where it is not null.
type Out<'a, T> = Option<&'a mut T>;

fn put<T>(place: Out<'_, T>, value: T) -> Result<(), Failure> {
    *place.ok_or(Failure::INVALID_ARGUMENT)? = value;
    Ok(())
}

/// Writes a text and its end into a buffer of `length`.
///
/// # Safety
/// `buffer` is null or has `length` bytes that may be written.
pub(crate) unsafe fn put_text(buffer: *mut c_char, length: usize, text: &str) -> Result<(), Failure> {
    if buffer.is_null() {
        return Err(Failure::INVALID_ARGUMENT);
    }
    if text.len() >= length {
        return Err(Failure::INSUFFICIENT_SIZE);
    }
    // SAFETY: the text and its end have at most `length` bytes, which the caller gives; it is no part of our own memory.
    unsafe {
        buffer.copy_from_nonoverlapping(text.as_ptr().cast(), text.len());
        buffer.add(text.len()).write(0);
    }
    Ok(())
}

/// # Safety
/// `text` is null or a string with an end.
unsafe fn get_text<'a>(text: *const c_char) -> Result<&'a str, Failure> {
    if text.is_null() {
        return Err(Failure::INVALID_ARGUMENT);
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| Failure::INVALID_ARGUMENT)
}

/// The answer to this call, and on to the next.
fn next<'a, T>(answers: &'a [Answered<T>], at: &mut usize) -> Option<&'a Answered<T>> {
    let answer = answers.get(*at).or(answers.last());
    *at = at.saturating_add(1);
    answer
}

fn told(device: Handle, tell: impl FnOnce(&Card, &mut Progress) -> Result<(), Failure>) -> Code {
    code(instance().card(device).and_then(|(card, progress)| tell(card, progress)))
}
