// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import Foundation
import LocalServers

/// A way from a port of this machine, through the jump box, to a database; it is opened again where it drops.
actor Tunnel {
    /// Where it leads, and by which way.
    struct Route: Sendable {
        let instance: String
        let host: String
        let port: Int
        let localPort: Int
        /// The key file where it goes through SSH; directly through Session Manager where `nil`.
        let sshIdentity: SSHIdentity?
    }

    /// Who logs in by SSH.
    struct SSHIdentity: Sendable {
        let user: String
        let keyFile: String?
    }

    private static let opening = Duration.seconds(60)
    private static let interval = Duration.milliseconds(200)

    private let route: Route
    private let plugin: SessionManagerPlugin
    private let client: AWSClient
    private let profile: String?
    private let progress: Progress
    private var process: Process?
    private var session: String?
    private var watcher: Task<Void, Never>?

    init(
        _ route: Route, plugin: SessionManagerPlugin, client: AWSClient, profile: String?, progress: Progress
    ) {
        self.route = route
        self.plugin = plugin
        self.client = client
        self.profile = profile
        self.progress = progress
    }

    /// Opens it, and keeps it open.
    ///
    /// - Throws: ``CommandError`` where it does not open, `AWSError`, `CancellationError`.
    func open() async throws {
        do {
            try await start()
        } catch {
            await stop()
            throw error
        }
        watcher = Task { await self.watch() }
    }

    /// Ends it, and what runs for it.
    func close() async {
        watcher?.cancel()
        await watcher?.value
        watcher = nil
        await stop()
    }

    private func watch() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            guard !Task.isCancelled, process?.isRunning != true else { continue }
            printError("The tunnel dropped, and is opened again.")
            await stop()
            do {
                try await start()
            } catch is CancellationError {
                return
            } catch {
                printError("It cannot be opened yet: \(error)")
                try? await Task.sleep(for: Self.interval * 10)
            }
        }
    }

    private func start() async throws {
        let (document, parameters) =
            route.sshIdentity == nil
            ? (
                "AWS-StartPortForwardingSessionToRemoteHost",
                [
                    "host": [route.host], "portNumber": [String(route.port)],
                    "localPortNumber": [String(route.localPort)],
                ]
            ) : ("AWS-StartSSHSession", ["portNumber": ["22"]])
        let started = try await SSMAPI(client: client).startSession(
            on: route.instance, document: document, parameters: parameters)
        session = started.SessionId
        let call = try plugin.invocation(
            started, instance: route.instance, document: document, parameters: parameters, region: client.region,
            profile: profile, endpoint: client.endpoint(ofService: "ssm", variable: "SSM"))
        let errors = Pipe()
        let process = Process()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        process.environment = ProcessInfo.processInfo.environment.merging(call.environment) { $1 }
        if let identity = route.sshIdentity {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = sshArguments(identity, through: call)
        } else {
            process.executableURL = URL(fileURLWithPath: call.executable)
            process.arguments = call.arguments
        }
        try process.run()
        self.process = process
        try await waitUntilOpen(process, errors)
    }

    private func sshArguments(_ identity: SSHIdentity, through call: SessionManagerPlugin.Invocation) -> [String] {
        func quoted(_ text: String) -> String {
            // ssh gives the command to a shell, and replaces what begins with a percent sign.
            "'" + text.replacing("'", with: "'\\''").replacing("%", with: "%%") + "'"
        }
        let proxy = ([call.executable] + call.arguments).map(quoted).joined(separator: " ")
        return [
            "ssh", "-N", "-o", "ExitOnForwardFailure=yes", "-o", "StrictHostKeyChecking=accept-new", "-o",
            "ProxyCommand=\(proxy)", "-L", "127.0.0.1:\(route.localPort):\(route.host):\(route.port)",
        ] + (identity.keyFile.map { ["-i", $0] } ?? []) + ["\(identity.user)@\(route.instance)"]
    }

    private func waitUntilOpen(_ process: Process, _ errors: Pipe) async throws {
        let deadline = ContinuousClock.now + Self.opening
        while ContinuousClock.now < deadline {
            if !process.isRunning {
                let text = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
                let reason = text.split(separator: "\n").last.map { ": \($0)" } ?? ""
                throw CommandError("The tunnel to \(route.host) could not be opened\(reason)")
            }
            // Whoever listens there is the one that was started: the port was free before.
            if !LoopbackPort.isFree(route.localPort) {
                progress.done()
                return
            }
            progress.wait(for: "Waiting for the tunnel to \(route.host)")
            try await Task.sleep(for: Self.interval)
        }
        throw CommandError("The tunnel to \(route.host) did not open in \(Self.opening.components.seconds) s.")
    }

    private func stop() async {
        progress.done()
        if let process, process.isRunning {
            process.terminate()
            // It may not listen to that.
            for _ in 0..<25 where process.isRunning {
                try? await Task.detached { try await Task.sleep(for: Self.interval) }.value
            }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        process = nil
        if let session {
            let api = SSMAPI(client: client)
            // Also where this was cancelled.
            await Task { try? await api.terminateSession(session) }.value
        }
        session = nil
    }
}
