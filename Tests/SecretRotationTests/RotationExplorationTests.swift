// SPDX-License-Identifier: Apache-2.0

import SecretRotation
import SecretStore
import Testing

/// A run of all four steps, as Secrets Manager makes it.
private struct Run: Hashable {
    enum Status: Hashable {
        case notBegun
        case running
        case succeeded
        case failed
        case killed
    }

    let token: String
    var canBeKilled: Bool
    /// Begins only when that other run is over.
    var after: Int?
    var status = Status.notBegun
    private var step = 0
    private var machine: RotationMachine?

    init(_ token: String, canBeKilled: Bool = true, after: Int? = nil) {
        self.token = token
        self.canBeKilled = canBeKilled
        self.after = after
    }

    var isOver: Bool { [.succeeded, .failed, .killed].contains(status) }

    private func machine(_ configuration: RotationMachine.Configuration) -> RotationMachine {
        machine
            ?? RotationMachine(
                RotationRequest(secretID: World.secret, versionID: token, step: RotationStep.allCases[step]),
                configuration)
    }

    /// Does the next thing.
    ///
    /// - Returns: Whether there was something to do.
    mutating func advance(
        _ world: inout World, _ number: Int, _ configuration: RotationMachine.Configuration
    ) -> Bool {
        if status == .notBegun {
            // Only pairs of users have a manager who can heal them.
            let isPaired = configuration.usernames != nil
            do {
                try world.begin(token, takingLabelAway: isPaired)
                status = .running
            } catch {
                status = .failed
            }
            return true
        }
        guard status == .running else { return false }
        var machine = machine(configuration)
        switch machine.action {
        case .call(let call):
            guard world.isPossible(call, by: number) else { return false }
            do {
                if let outcome = try world.perform(call, by: number) { machine.receive(outcome) }
                self.machine = machine
            } catch {
                end(.failed, &world, number)
            }
        case .finished:
            self.machine = nil
            world.release(number)
            step += 1
            if step == RotationStep.allCases.count { end(.succeeded, &world, number) }
        case .refused: end(.failed, &world, number)
        }
        return true
    }

    mutating func end(_ status: Status, _ world: inout World, _ number: Int) {
        world.release(number)
        self.status = status
        machine = nil
    }
}

/// All states that can be reached.
private struct Exploration {
    struct State: Hashable {
        var world: World
        var runs: [Run]
    }

    let configuration: RotationMachine.Configuration
    let name: String
    /// What has to hold everywhere.
    let holds: (State) -> String?
    private(set) var states: Set<State> = []
    private var converged: Set<World> = []

    init(_ name: String, _ configuration: RotationMachine.Configuration, holds: @escaping (State) -> String?) {
        self.name = name
        self.configuration = configuration
        self.holds = holds
    }

    mutating func explore(_ world: World, _ runs: [Run]) {
        var open = [State(world: world, runs: runs)]
        states.insert(open[0])
        while let state = open.popLast() {
            if let problem = holds(state) {
                Issue.record("\(name): \(problem) in \(state)")
                return
            }
            if let problem = rerun(state.world) {
                Issue.record("\(name): \(problem) after \(state)")
                return
            }
            for number in state.runs.indices {
                if let other = state.runs[number].after, !state.runs[other].isOver { continue }
                var next = state
                if next.runs[number].advance(&next.world, number, configuration), states.insert(next).inserted {
                    open.append(next)
                }
                guard state.runs[number].canBeKilled, state.runs[number].status == .running else { continue }
                var killed = state
                killed.runs[number].canBeKilled = false
                killed.runs[number].end(.killed, &killed.world, number)
                if states.insert(killed).inserted { open.append(killed) }
            }
        }
    }

    /// Everybody dies here, and a new rotation is started.
    private mutating func rerun(_ world: World) -> String? {
        var world = world
        world.lockedBy = nil
        world.waiting = []
        guard converged.insert(world).inserted else { return nil }
        // Secrets Manager goes on with a rotation that it has begun.
        let pending = configuration.usernames == nil ? world.version(VersionStage.pending)?.id : nil
        var runs = [Run(pending ?? "rerun", canBeKilled: false)]
        while runs[0].advance(&world, 0, configuration) {}
        guard runs[0].status == .succeeded else { return "a rerun does not succeed" }
        guard let current = world.version(VersionStage.current), current.id == runs[0].token,
            let credentials = current.credentials, world.admits(credentials)
        else { return "a rerun leaves a login that does not work" }
        if configuration.listsBothUsers, !world.proxyAdmits(credentials) {
            return "a rerun leaves a login that the proxy refuses"
        }
        return nil
    }
}

@Suite("All ways in which a rotation can go")
struct RotationExplorationTests {
    private static let configuration = RotationMachine.Configuration(
        managerSecret: World.managerSecret, usernames: ["app"], listsBothUsers: true)

    /// The first rotation after provisioning.
    private static var first: World {
        var world = World()
        world.versions["v0"] = .init(credentials: World.credentials("app", "a0"), stages: [VersionStage.current])
        world.listed = [
            "AppProxyUser": World.credentials("app", "a0"), "AppProxyClone": World.credentials("app_clone", "c0"),
        ]
        world.passwords["app"] = "a0"
        world.passwords["app_clone"] = "c0"
        return world
    }

    /// A later one: the clone is at work, and the window for the other is open.
    private static var later: World {
        var world = first
        world.versions["v0"]?.stages = [VersionStage.previous]
        world.versions["v1"] = .init(credentials: World.credentials("app_clone", "c0"), stages: [VersionStage.current])
        return world
    }

    /// The window that a rotation leaves open is shut by the next one only.
    private static func holds(_ state: Exploration.State) -> String? { holds(state, proxyHolds: true) }

    private static func holds(_ state: Exploration.State, proxyHolds: Bool) -> String? {
        guard let current = state.world.version(VersionStage.current), let login = current.credentials else {
            return "there is no current value"
        }
        if !state.world.admits(login) { return "the current login does not work" }
        if proxyHolds, !state.world.proxyAdmits(login) { return "the proxy refuses the current login" }
        let begun = state.runs.filter { $0.status != .notBegun && $0.token != current.id }
        if begun.isEmpty, let previous = state.world.version(VersionStage.previous)?.credentials {
            if !state.world.admits(previous) { return "the previous login does not work" }
            if proxyHolds, !state.world.proxyAdmits(previous) { return "the proxy refuses the previous login" }
        }
        return nil
    }

    private static let schedules: [(name: String, runs: [Run])] = [
        ("killed, then run again", [Run("v2"), Run("v2", canBeKilled: false, after: 0)]),
        ("killed twice, then run again", [Run("v2"), Run("v2", after: 0), Run("v2", canBeKilled: false, after: 1)]),
        ("killed, then another", [Run("v2"), Run("v3", after: 0)]),
        ("the same twice at once", [Run("v2"), Run("v2")]),
        ("two at once", [Run("v2"), Run("v3")]),
    ]

    @Test("lets the current login in, and the previous one until the next rotation")
    func alternating() {
        var count = 0
        for (name, world) in [("first", Self.first), ("later", Self.later)] {
            for schedule in Self.schedules {
                var exploration = Exploration("\(name), \(schedule.name)", Self.configuration, holds: Self.holds)
                exploration.explore(world, schedule.runs)
                count += exploration.states.count
            }
        }
        print("Alternating users: \(count) states explored.")
        #expect(count > 30_000)
    }

    @Test("moves the original's layout over, and heals what disagrees")
    func disagreeing() throws {
        var migration = Self.later
        migration.listed = [
            "AppProxyUser": World.credentials("app", "placeholder"),
            "AppProxyClone": World.credentials("app_clone", "placeholder"),
        ]
        var withoutClone = Self.first
        withoutClone.passwords["app_clone"] = nil
        var wrongPassword = Self.later
        wrongPassword.passwords["app_clone"] = "somebody's idea"
        var leftover = Self.later
        try leftover.begin("v9")
        leftover.versions["v9"]?.credentials = World.credentials("app", "left by a rotation that died")
        var count = 0
        for (name, world) in [
            ("migration", migration), ("without a clone", withoutClone), ("wrong password", wrongPassword),
            ("leftover", leftover),
        ] {
            for schedule in Self.schedules {
                // What did not work before has to work once a rotation has finished, and from then on; what did, always.
                var exploration = Exploration("\(name), \(schedule.name)", Self.configuration) { state in
                    let isBefore = ["v0", "v1"].contains(state.world.version(VersionStage.current)?.id)
                    if isBefore, name == "wrong password" { return nil }
                    return Self.holds(state, proxyHolds: !(isBefore && name == "migration"))
                }
                exploration.explore(world, schedule.runs)
                count += exploration.states.count
            }
        }
        print("Disagreeing states: \(count) states explored.")
        #expect(count > 60_000)
    }

    @Test("lets both in without a proxy that lists both")
    func withoutListing() {
        var configuration = Self.configuration
        configuration.listsBothUsers = false
        var count = 0
        for (name, world) in [("first", Self.first), ("later", Self.later)] {
            for schedule in Self.schedules {
                var exploration = Exploration("\(name), \(schedule.name)", configuration) {
                    Self.holds($0, proxyHolds: false)
                }
                exploration.explore(world, schedule.runs)
                count += exploration.states.count
            }
        }
        print("Without a list of both: \(count) states explored.")
        #expect(count > 15_000)
    }

    @Test("never loses the manager's password")
    func single() {
        var world = World()
        world.versions["v0"] = .init(
            credentials: World.credentials("boss", "boss's", isPaired: false), stages: [VersionStage.current])
        var count = 0
        for schedule in Self.schedules {
            var exploration = Exploration(schedule.name, .init(managerSecret: World.managerSecret)) { state in
                let known = state.world.versions.values.filter { !$0.stages.isEmpty }.compactMap(\.credentials)
                return known.contains(where: state.world.admits) ? nil : "no labelled version has the password"
            }
            exploration.explore(world, schedule.runs)
            count += exploration.states.count
        }
        print("The manager: \(count) states explored.")
        #expect(count > 5_000)
    }
}
