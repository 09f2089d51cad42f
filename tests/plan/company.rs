//! Companies made up for planning: teams in departments, with the ties people really have.
#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::Arc;

use ewsready::plan::people::{Asked, Census, MailboxKind, Member, Standing};
use ewsready::plan::ties::{Tie, TieKind, Ties};
use ewsready::verdict::Urgency;

/// A mailbox that is ready.
pub fn member(number: u32, department: &Arc<str>) -> Member {
    let empty: Arc<str> = Arc::from("");
    Member {
        key: format!("{number:08x}").into(),
        address: format!("user{number}@contoso.example").into(),
        name: format!("User {number}").into(),
        kind: MailboxKind::Person,
        standing: Standing::Ready,
        urgency: Urgency::ByDeadline,
        reason: "graph/answers",
        cause: Arc::clone(&empty),
        department: Arc::clone(department),
        owner: Arc::clone(&empty),
        wish: Arc::clone(&empty),
        together: Arc::clone(department),
        spread: Arc::clone(department),
        integration: None,
    }
}

/// A census of these members and ties.
pub fn census(members: Vec<Member>, mut pairs: Vec<(u32, u32, u32, TieKind)>) -> Census {
    pairs.retain(|(a, b, ..)| a != b);
    pairs.sort_unstable_by_key(|&(a, b, ..)| (a.min(b), a.max(b)));
    pairs.dedup_by_key(|(a, b, ..)| ((*a).min(*b), (*a).max(*b)));
    let ties = pairs.into_iter().map(|(a, b, weight, kind)| Tie { a, b, weight, kind }).collect();
    let asked = Asked { mailboxes: members.len() as u64, ..Asked::default() };
    Census { members, ties: Ties { ties, outside: Vec::new() }, asked }
}

/// How a company hangs together.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Mailboxes.
    pub people: u32,
    /// Ties.
    pub ties: u32,
    /// People of a department; nobody is tied beyond it but by chance.
    pub department: u32,
    /// Ties in a thousand that leave the department.
    pub abroad: u32,
}

/// Teams of eight to a lead, leads to the head of their department, delegates and shared mailboxes within team and
/// department, and now and then a tie to somewhere else.
pub fn company(shape: Shape, seed: u64) -> Census {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut members = Vec::with_capacity(shape.people as usize);
    let mut department: Arc<str> = Arc::from("");
    for number in 0..shape.people {
        if number % shape.department == 0 {
            department = format!("Department {}", number / shape.department).into();
        }
        let mut member = member(number, &department);
        match random.u32(..100) {
            0..4 => member.standing = Standing::Blocked,
            4..10 => member.standing = Standing::Licence { buys: true },
            10..12 => member.urgency = Urgency::Now,
            _ => {}
        }
        if random.u32(..40) == 0 {
            member.kind = MailboxKind::Shared;
        }
        members.push(member);
    }
    let (mut pairs, mut told) = (Vec::with_capacity(shape.ties as usize), std::collections::HashSet::new());
    let most = (shape.people as usize * shape.department.min(shape.people) as usize) / 8;
    while pairs.len() < (shape.ties as usize).min(most) {
        let a = random.u32(..shape.people);
        let start = a - a % shape.department;
        let end = (start + shape.department).min(shape.people);
        let lead = a - (a - start) % 8;
        let team = lead..(lead + 8).min(end);
        let (b, weight, kind) = match random.u32(..1000) {
            dice if dice < shape.abroad => (random.u32(..shape.people), 3, TieKind::SharedRead),
            dice if dice < 450 => (random.u32(team), 10, TieKind::Delegate),
            dice if dice < 700 => (lead, 4, TieKind::Manager),
            _ => (random.u32(start..end), 6, TieKind::Write),
        };
        if a != b && told.insert((a.min(b), a.max(b))) {
            pairs.push((a, b, weight, kind));
        }
    }
    census(members, pairs)
}
