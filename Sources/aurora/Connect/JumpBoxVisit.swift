// SPDX-License-Identifier: Apache-2.0

import AWSAPI

/// A visit to the jump box: it is started where it is not there, and left as it should be.
struct JumpBoxVisit {
    let group: String
    let instance: String
    /// Whether the last one to leave turns it off: it does where it was started for somebody's visit, and not where it was
    /// there without anybody.
    private let isOnlyForVisits: Bool

    private let client: AWSClient

    /// Begins a visit.
    ///
    /// - Parameters:
    ///   - group: The jump box's group.
    ///   - client: What asks AWS.
    ///   - patience: How long to wait for it.
    ///   - interval: How often to look.
    ///   - progress: Says what is waited for.
    /// - Returns: The visit.
    /// - Throws: ``CommandError`` where it does not become ready, `CancellationError`; it is as it was then.
    static func begin(
        group: String, client: AWSClient, patience: Duration, interval: Duration, progress: Progress
    ) async throws -> JumpBoxVisit {
        let (scaling, ssm) = (AutoScalingAPI(client: client), SSMAPI(client: client))
        var isStartedHere = false
        // One that is just starting is started for somebody's visit.
        var isOnlyForVisits = false
        do {
            let deadline = ContinuousClock.now + patience
            while ContinuousClock.now < deadline {
                guard let now = try await scaling.group(named: group) else {
                    throw CommandError("The jump box's group '\(group)' is gone: deploy the stack again.")
                }
                // Also where who had started it has given up meanwhile.
                if now.desiredCapacity == 0 {
                    try await scaling.setDesiredCapacity(1, ofGroup: group)
                    isStartedHere = true
                }
                if let instance = now.instancesInService.first {
                    if try await ssm.isOnline(instance) {
                        progress.done()
                        let isInUse = try await !ssm.activeSessions(on: instance).isEmpty
                        return JumpBoxVisit(
                            group: group, instance: instance,
                            isOnlyForVisits: isStartedHere || isOnlyForVisits || isInUse, client: client)
                    }
                    progress.wait(for: "Waiting for the jump box \(instance) to be reachable")
                } else {
                    progress.wait(for: "Waiting for the jump box to start")
                }
                isOnlyForVisits = true
                try await Task.sleep(for: interval)
            }
            throw CommandError(
                "The jump box was not ready after \(patience.components.seconds) s: look at it with aws autoscaling "
                    + "describe-scaling-activities --auto-scaling-group-name \(group), or wait longer with --timeout.")
        } catch {
            progress.done()
            // Also where this was cancelled.
            if isStartedHere { await Task { try? await scaling.setDesiredCapacity(0, ofGroup: group) }.value }
            throw error
        }
    }

    /// Ends the visit: the box is turned off unless somebody else is there, or it is to be kept.
    ///
    /// - Parameter keep: Whether it stays on in any case.
    func end(keep: Bool) async {
        guard isOnlyForVisits, !keep else { return }
        do {
            let others = try await SSMAPI(client: client).activeSessions(on: instance)
            if others.isEmpty {
                try await AutoScalingAPI(client: client).setDesiredCapacity(0, ofGroup: group)
            } else {
                printError("Somebody else is connected: the jump box stays on.")
            }
        } catch {
            printError(
                "The jump box could not be turned off (\(error)): aws autoscaling set-desired-capacity "
                    + "--auto-scaling-group-name \(group) --desired-capacity 0")
        }
    }
}
