//! From people and rules to what the packing understands, and back to a plan.

use std::collections::HashMap;

use super::bound::Limit;
use super::calendar::{Calendar, Slot};
use super::constraints::{Policy, RosterWaves, Rules, RulesError};
use super::groups::{self, FREE, Groups, LAST, Node, Room, URGENT};
use super::kept::Kept;
use super::net::Net;
use super::pack::{Packed, Terms};
use super::people::{Census, Member, Standing};
use super::{Plan, Request, why};
use crate::verdict::Urgency;

/// Everything the packing works on.
pub(super) struct Setup<'a> {
    pub census: &'a Census,
    pub rules: &'a Rules,
    /// Who is packed: indexes into the census.
    pub who: Vec<u32>,
    pub nodes: Vec<Node>,
    pub net: Net,
    pub groups: Groups,
    /// Waves that are over, with who was in them.
    pub past: Vec<Slot>,
    pub done: Vec<(u32, u16)>,
    pub slots: Vec<Slot>,
    pub capacity: Vec<u32>,
    licences: Vec<u32>,
    spread: Vec<u32>,
    pub calendar: &'a Calendar,
}

impl<'a> Setup<'a> {
    /// `followed`: the earlier plan, where its rules are still the same.
    pub fn new(request: Request<'a>, calendar: &'a Calendar, followed: Option<&Kept>) -> Result<Self, RulesError> {
        let Request { census, rules, today, .. } = request;
        let past = request.earlier.map_or_else(Vec::new, |kept| kept.past(today));
        let done = request.earlier.map_or_else(Vec::new, |kept| done(census, kept, &past));
        let is_done: std::collections::HashSet<u32> = done.iter().map(|(member, _)| *member).collect();
        let who: Vec<u32> = (0_u32..)
            .zip(&census.members)
            .filter(|(place, member)| moves(member, rules) && !is_done.contains(place))
            .map(|(place, _)| place)
            .collect();
        let waves = Waves { rules, slots: &calendar.slots, past: past.len() };
        let nodes = nodes(census, rules, &who, &waves, followed)?;
        let net = net(census, &who);
        let capacity: Vec<u32> = calendar.slots.iter().map(|slot| slot.capacity).collect();
        let open = capacity.get(usize::from(rules.pilot.is_some())..).unwrap_or_default();
        let room = Room { waves: &capacity, largest: open.iter().copied().max().unwrap_or(rules.capacity) };
        let groups = groups::group(&nodes, &net, room);
        let come = |slot: &Slot| rules.licences.available(calendar.start, slot.date);
        Ok(Self {
            licences: calendar.slots.iter().map(come).collect(),
            spread: spread(census, rules, &who, &nodes),
            slots: calendar.slots.clone(),
            census,
            rules,
            who,
            nodes,
            net,
            groups,
            past,
            done,
            capacity,
            calendar,
        })
    }

    pub fn terms(&self) -> Terms<'_> {
        Terms {
            capacity: &self.capacity,
            licences: &self.licences,
            pilot: self.rules.pilot.is_some(),
            spread: &self.spread,
        }
    }

    /// Waves the earlier plan has people in.
    pub fn kept_waves(&self) -> usize {
        self.nodes.iter().filter_map(|node| node.keep).max().map_or(0, |wave| usize::from(wave) + 1)
    }

    pub fn plan(&self, packed: Packed, least: (usize, Limit)) -> Plan {
        why::plan(self, packed, least)
    }
}

/// Whether somebody is put into a wave at all.
fn moves(member: &Member, rules: &Rules) -> bool {
    match member.standing {
        Standing::Ready | Standing::Licence { .. } => true,
        Standing::Blocked => rules.blocked == Policy::Last,
        Standing::NotAssessed => rules.not_assessed == Policy::Last,
    }
}

/// Who was in a wave that is over, and is ready: taken as moved.
fn done(census: &Census, kept: &Kept, past: &[Slot]) -> Vec<(u32, u16)> {
    let dates = kept.dates();
    let seat = |(place, member): (u32, &Member)| {
        let date = dates.get(&*member.key)?;
        let wave = past.iter().position(|slot| slot.date == *date)?;
        (member.standing == Standing::Ready).then_some((place, u16::try_from(wave).ok()?))
    };
    (0_u32..).zip(&census.members).filter_map(seat).collect()
}

/// Which wave a name or a day stands for.
struct Waves<'a> {
    rules: &'a Rules,
    slots: &'a [Slot],
    past: usize,
}

impl Waves<'_> {
    fn on(&self, date: jiff::civil::Date) -> Option<u16> {
        self.slots.iter().position(|slot| slot.date == date).and_then(|wave| u16::try_from(wave).ok())
    }

    /// The wave of every name in the roster's wave column.
    fn by_name<'m>(&self, members: impl Iterator<Item = &'m Member>) -> Result<HashMap<&'m str, u16>, RulesError> {
        let fixed = self.rules.roster_waves == RosterWaves::Fixed;
        let mut names: Vec<&str> = members.map(|member| &*member.wish).filter(|wish| !wish.is_empty()).collect();
        names.sort_unstable();
        names.dedup();
        names.sort_by_cached_key(|name| natural(name));
        let dates = &self.rules.wave_dates;
        let mut waves = HashMap::new();
        // The pilot's wave is not for the first name that is none.
        let lead = usize::from(self.rules.pilot.is_some() && names.first().is_some_and(|name| !is_pilot(name)));
        for (number, name) in names.into_iter().enumerate() {
            let wave = match dates.get(name) {
                Some(date) => self.on(*date),
                None if dates.is_empty() => (number + lead)
                    .checked_sub(self.past)
                    .filter(|wave| *wave < self.slots.len())
                    .and_then(|wave| u16::try_from(wave).ok()),
                None => None,
            };
            match wave {
                Some(wave) => drop(waves.insert(name, wave)),
                None if fixed => {
                    let text = format!(
                        "the roster fixes people to '{name}', but there is no such wave: give its date under [wave_dates], on a day that has a wave"
                    );
                    return Err(RulesError::Rule(text));
                }
                None => {}
            }
        }
        Ok(waves)
    }
}

fn is_pilot(name: &str) -> bool {
    name.to_lowercase().contains("pilot")
}

/// Pilot first, then by number, then by letters.
fn natural(name: &str) -> (bool, Option<u64>, String) {
    let digits: String = name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    (!is_pilot(name), digits.parse().ok(), name.to_lowercase())
}

fn nodes(
    census: &Census,
    rules: &Rules,
    who: &[u32],
    waves: &Waves<'_>,
    followed: Option<&Kept>,
) -> Result<Vec<Node>, RulesError> {
    let members = || who.iter().map(|member| &census.members[*member as usize]);
    let by_name = match rules.roster_waves {
        RosterWaves::Ignore => HashMap::new(),
        RosterWaves::Wish | RosterWaves::Fixed => waves.by_name(members())?,
    };
    let (mut together, mut spread) = (Values::default(), Values::default());
    let dates = followed.map(Kept::dates).unwrap_or_default();
    let limited = rules.licences.limited();
    let pilot = Pilots::of(rules);
    let (by_spread, by_together) = (rules.spread.is_some(), rules.together.is_some());
    let node = |member: &Member| {
        let named = by_name.get(&*member.wish).copied();
        let fixed = named.filter(|_| rules.roster_waves == RosterWaves::Fixed);
        Node {
            pin: if pilot.has(member) { Some(0) } else { fixed },
            rank: rank(member, rules),
            licence: limited && member.standing == Standing::Licence { buys: true },
            wish: named,
            keep: dates.get(&*member.key).and_then(|date| waves.on(*date)),
            spread: if by_spread { spread.number(&member.spread) } else { 0 },
            together: if by_together { together.number(&member.together) } else { 0 },
        }
    };
    let nodes: Vec<Node> = members().map(node).collect();
    if rules.pilot.is_some() && !nodes.is_empty() && nodes.iter().all(|node| node.pin != Some(0)) {
        let text = "the pilot names nobody who can move: check its members, departments or waves";
        return Err(RulesError::Rule(text.to_owned()));
    }
    Ok(nodes)
}

fn rank(member: &Member, rules: &Rules) -> u8 {
    match member.standing {
        Standing::Blocked | Standing::NotAssessed => LAST,
        _ if rules.urgent_first && member.urgency == Urgency::Now => URGENT,
        _ => member.integration.map_or(FREE, |place| place.saturating_add(URGENT + 1).min(FREE - 1)),
    }
}

/// Who belongs to the pilot.
struct Pilots {
    members: std::collections::HashSet<String>,
    departments: std::collections::HashSet<String>,
    waves: std::collections::HashSet<String>,
}

impl Pilots {
    fn of(rules: &Rules) -> Self {
        let pilot = rules.pilot.clone().unwrap_or_default();
        let lower = |list: Vec<String>| list.into_iter().map(|text| text.trim().to_lowercase()).collect();
        Self { members: lower(pilot.members), departments: lower(pilot.departments), waves: lower(pilot.waves) }
    }

    fn has(&self, member: &Member) -> bool {
        let among =
            |set: &std::collections::HashSet<String>, text: &str| !set.is_empty() && set.contains(&text.to_lowercase());
        among(&self.members, &member.address)
            || among(&self.departments, &member.department)
            || among(&self.waves, &member.wish)
    }
}

/// Numbers for texts, from 1; 0 for none.
#[derive(Default)]
struct Values(HashMap<std::sync::Arc<str>, u32>);

impl Values {
    fn number(&mut self, text: &std::sync::Arc<str>) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX - 1) + 1;
        *self.0.entry(std::sync::Arc::clone(text)).or_insert(next)
    }
}

/// The greatest number of each value in one wave, by the values' numbers; empty without that rule. Shares are of all
/// who move, those who have moved included: what a wave may take does not shrink while a department empties.
fn spread(census: &Census, rules: &Rules, who: &[u32], nodes: &[Node]) -> Vec<u32> {
    let Some(rule) = &rules.spread else { return Vec::new() };
    let mut people: HashMap<&str, u32> = HashMap::new();
    for member in census.members.iter().filter(|member| moves(member, rules)) {
        *people.entry(&member.spread).or_default() += 1;
    }
    let mut most = vec![0; nodes.iter().map(|node| node.spread as usize).max().unwrap_or(0) + 1];
    for (member, node) in who.iter().zip(nodes) {
        let all = people.get(&*census.members[*member as usize].spread).copied().unwrap_or(0);
        // Whole people: at least one.
        most[node.spread as usize] = ((f64::from(all) * rule.share).ceil() as u32).max(1);
    }
    most
}

/// The ties among those who are packed.
fn net(census: &Census, who: &[u32]) -> Net {
    let mut place = vec![u32::MAX; census.members.len()];
    for (node, member) in (0_u32..).zip(who) {
        place[*member as usize] = node;
    }
    let link = |tie: &super::ties::Tie| (place[tie.a as usize], place[tie.b as usize], tie.weight);
    let inside = census.ties.ties.iter().map(link).filter(|(a, b, _)| *a != u32::MAX && *b != u32::MAX);
    Net::new(vec![1; who.len()], inside)
}
