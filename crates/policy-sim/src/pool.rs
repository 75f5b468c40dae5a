//! [`Pool`]: cubecl's memory pool, by its own rules.
//!
//! Those of cubecl-server 0.11.3, `src/memory_management`, for a device that shares pages: `dynamic/adaptive.rs` (which pool
//! serves what), `dynamic/arena.rs` (how large pages are), `memory_pool/sliced_pool.rs` and `memory_page.rs` (first fit,
//! neighbours that are free are one), `memory_manage.rs` (what goes back when). Weights are in allocations of their own and
//! not here.

/// What tensors are carved from. Bytes only: nothing is computed.
#[derive(Clone, Debug)]
pub struct Pool {
    alignment: u64,
    most_page: u64,
    /// The size of the pages that the next larger tensors come from.
    page: u64,
    /// In the order in which they were made.
    pages: Vec<Page>,
    made: u64,
    reserved: u64,
}

/// A tensor's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    page: u64,
    offset: u64,
    bytes: u64,
}

impl Place {
    /// How many, with what alignment adds.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether both have a byte in common.
    pub fn overlaps(&self, other: &Place) -> bool {
        let ends = |place: &Place| place.offset + place.bytes;
        self.page == other.page && self.offset < ends(other) && other.offset < ends(self)
    }
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The device has no more memory.
    OutOfMemory {
        /// The page that was asked of it.
        page: u64,
    },
    /// No page is as large.
    TooLarge {
        /// What was asked for.
        bytes: u64,
    },
}

#[derive(Clone, Debug)]
struct Page {
    /// Never used again for another page.
    id: u64,
    bytes: u64,
    small: bool,
    /// What is free, as offset and length, in order, no two of them touching.
    free: Vec<(u64, u64)>,
}

const MIB: u64 = 1 << 20;
/// Tensors of no more than this are in the small pool.
const SMALL: u64 = 64 << 10;
const SMALL_PAGE: u64 = 8 * MIB;
const FIRST_PAGE: u64 = 2 * MIB;
/// What a page has more than the tensor that it was made for, and what its size is rounded up to.
const SLACK: u64 = MIB;

impl Pool {
    /// An empty pool of a device that aligns tensors so and makes no larger page.
    pub fn new(alignment: u64, most_page: u64) -> Self {
        let most_page = (most_page / alignment * alignment).max(alignment);
        let page = FIRST_PAGE.min(most_page);
        Pool { alignment, most_page, page, pages: Vec::new(), made: 0, reserved: 0 }
    }

    /// Bytes that the pool has of the device.
    pub fn reserved(&self) -> u64 {
        self.reserved
    }

    /// The size of the pages that larger tensors come from.
    pub fn page(&self) -> u64 {
        self.page
    }

    /// Carves a tensor, from a page that is held or from a new one if `more`, which is told its bytes and those that the pool
    /// holds already, grants it.
    ///
    /// # Errors
    /// There is no place for it.
    pub fn reserve(&mut self, bytes: u64, more: impl FnOnce(u64, u64) -> bool) -> Result<Place, Refused> {
        // On the way to each, what was outdated and is empty goes back.
        self.release(|page, now| !page.small && page.bytes != now);
        let needed = bytes.max(1).next_multiple_of(self.alignment);
        let small = bytes <= SMALL;
        let size = if small {
            SMALL_PAGE
        } else if needed <= self.page {
            self.page
        } else if needed > self.most_page {
            return Err(Refused::TooLarge { bytes });
        } else {
            (bytes + SLACK).next_multiple_of(MIB).clamp(FIRST_PAGE.min(self.most_page), self.most_page)
        };
        let serves = |page: &&mut Page| page.small == small && page.bytes == size;
        for page in self.pages.iter_mut().filter(serves) {
            if let Some(offset) = page.take(needed) {
                return Ok(Place { page: page.id, offset, bytes: needed });
            }
        }
        if !more(size, self.reserved) {
            return Err(Refused::OutOfMemory { page: size });
        }
        if !small {
            // Only once the device gave it.
            self.page = size;
        }
        self.made += 1;
        self.reserved += size;
        let free = if needed < size { vec![(needed, size - needed)] } else { Vec::new() };
        self.pages.push(Page { id: self.made, bytes: size, small, free });
        Ok(Place { page: self.made, offset: 0, bytes: needed })
    }

    /// A tensor is dropped.
    pub fn free(&mut self, place: Place) {
        if let Some(page) = self.pages.iter_mut().find(|page| page.id == place.page) {
            page.give(place.offset, place.bytes);
        }
    }

    /// How many pages of the smallest tensors it holds, and how many of the others that have the size of now; `None` while
    /// it holds older ones.
    pub fn held(&self) -> Option<(usize, usize)> {
        let small = self.pages.iter().filter(|page| page.small).count();
        let others = self.pages.len() - small;
        self.pages.iter().all(|page| page.small || page.bytes == self.page).then_some((small, others))
    }

    /// Pages are no smaller from now on.
    pub fn settle(&mut self, page: u64) {
        self.page = self.page.max(page);
    }

    /// Every page in which nothing is goes back to the device. The size of pages stays.
    pub fn clean(&mut self) {
        self.release(|_, _| true);
    }

    fn release(&mut self, which: impl Fn(&Page, u64) -> bool) {
        let (now, mut given) = (self.page, 0);
        self.pages.retain(|page| {
            let goes = page.is_empty() && which(page, now);
            given += if goes { page.bytes } else { 0 };
            !goes
        });
        self.reserved -= given;
    }
}

impl Page {
    fn is_empty(&self) -> bool {
        self.free == [(0, self.bytes)]
    }

    fn take(&mut self, needed: u64) -> Option<u64> {
        let at = self.free.iter().position(|&(_, bytes)| bytes >= needed)?;
        let (offset, bytes) = self.free[at];
        if bytes == needed {
            self.free.remove(at);
        } else {
            self.free[at] = (offset + needed, bytes - needed);
        }
        Some(offset)
    }

    fn give(&mut self, offset: u64, bytes: u64) {
        let at = self.free.partition_point(|&(free, _)| free < offset);
        self.free.insert(at, (offset, bytes));
        if let Some(&(next, more)) = self.free.get(at + 1)
            && offset + bytes == next
        {
            self.free[at].1 += more;
            self.free.remove(at + 1);
        }
        if let Some(before) = at.checked_sub(1)
            && self.free[before].0 + self.free[before].1 == offset
        {
            self.free[before].1 += self.free[at].1;
            self.free.remove(at);
        }
    }
}
