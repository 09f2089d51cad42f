//! Waves planned end to end: delegates asked, groups kept together, files written, the plan kept with its run.

mod support;

use support::Sandbox;

#[test]
fn delegates_are_asked_only_when_wanted_and_a_complete_run_goes_on_for_them() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&["--users", "300", "--seed", "3", "--write-roster", "roster.csv"]);
    simulator.config(&sandbox, "");
    let assess = ["assess", "roster.csv", "--tenant", "sim", "--out", "out", "--quiet"];
    sandbox.run(&assess);
    let runs = sandbox.run(&["runs"]).expect(0).stdout();
    assert!(runs.contains("complete"), "{runs}");
    let with = sandbox.run(&[&assess[..6], &["--delegates"]].concat());
    assert!(with.stderr().contains("goes on"), "{}", with.stderr());
    assert_eq!(sandbox.run(&["runs"]).expect(0).stdout().lines().count(), 2, "a second run was made");
}
