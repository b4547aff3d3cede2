// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import ArgumentParser
import Foundation
import LocalServers
import SecretStore

struct ConnectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Open psql, or a tunnel, to the database of a deployed stack.",
        discussion: """
            The way leads through the stack's jump box and Session Manager: no port is open, and no key is needed. The box is \
            started where it is off, and turned off again by the last one to leave.

            The manager goes to the cluster, all others to the proxy. What follows -- goes to psql: \
            aurora connect AuroraDemo --user writer -- -c 'select 1'
            """)

    @Argument(help: "The stack.")
    var stack: String

    @Option(help: "The user, by the last part of its secret's name: reader, writer, manager, …")
    var user = "reader"

    @Option(help: "Another database than the stack's.")
    var database: String?

    @Flag(help: "Go to the cluster, and not to the proxy.")
    var direct = false

    @Flag(help: "Go to the cluster's readers.")
    var readerEndpoint = false

    @Flag(help: "Log in with a token of IAM, and not with a password.")
    var iam = false

    @Flag(help: "Go through SSH over Session Manager.")
    var ssh = false

    @Option(help: ArgumentHelp("The private key for --ssh.", valueName: "file"))
    var identity: String?

    @Flag(help: "Keep the tunnel open for other programs, until Ctrl-C.")
    var tunnel = false

    @Option(help: ArgumentHelp("The tunnel's port on this machine; a free one by default.", valueName: "port"))
    var localPort: Int?

    @Flag(help: "With --tunnel: print the environment of programs that use libpq.")
    var env = false

    @Flag(help: "With --tunnel: print an entry for a service file.")
    var service = false

    @Flag(help: "With --tunnel: print the password as well.")
    var showPassword = false

    @Flag(help: "Leave the jump box on.")
    var keep = false

    @Option(help: ArgumentHelp("How long to wait for the jump box.", valueName: "seconds"))
    var timeout = 300

    @Flag(name: .shortAndLong, help: "Show every call of AWS.")
    var verbose = false

    @OptionGroup var aws: AWSOptions

    @Argument(parsing: .postTerminator, help: "What psql is given.")
    var arguments: [String] = []

    func validate() throws {
        if direct, readerEndpoint {
            throw ValidationError("--direct and --reader-endpoint exclude each other: choose one.")
        }
        if identity != nil, !ssh { throw ValidationError("--identity is for --ssh: give both, or neither.") }
        for (flag, isSet) in [("--env", env), ("--service", service), ("--show-password", showPassword)]
        where isSet && !tunnel {
            throw ValidationError("\(flag) is for --tunnel: give both, or neither.")
        }
        if tunnel, !arguments.isEmpty { throw ValidationError("With --tunnel there is no psql to give arguments to.") }
        if let localPort, !(1...65535).contains(localPort) {
            throw ValidationError("--local-port is \(localPort): a port is a number from 1 to 65535.")
        }
        if timeout < 1 { throw ValidationError("--timeout is \(timeout): give 1 second or more.") }
    }

    func run() async throws {
        let command = self
        try await Interruption.run { try await command.connect($0) }
    }

    private func connect(_ interruption: Interruption) async throws {
        let environment = ProcessInfo.processInfo.environment
        let client = try await aws.client(verbose: verbose)
        let plugin = try SessionManagerPlugin.find(environment)
        let deployed = try await DeployedStack(stack, client)
        let (group, login) = (try deployed.jumpBox(), try await login(deployed, client))
        guard let port = localPort ?? LoopbackPort.free() else {
            throw CommandError("No port is free on this machine: give one with --local-port.")
        }
        guard LoopbackPort.isFree(port) else {
            throw CommandError("The port \(port) is taken: leave --local-port out, or give another one.")
        }
        let progress = Progress()
        let interval = environment["AURORA_POLLING_MILLISECONDS"].flatMap { Int($0) } ?? 2000
        let (patience, isKept) = (timeout, keep)
        try await explainingAWSErrors(stack: stack, region: client.region) {
            let visit = try await JumpBoxVisit.begin(
                group: group, client: client, patience: .seconds(patience), interval: .milliseconds(interval),
                progress: progress)
            let tunnel = Tunnel(
                .init(
                    instance: visit.instance, host: login.host, port: login.credentials.port, localPort: port,
                    sshIdentity: ssh ? .init(user: "ec2-user", keyFile: identity) : nil),
                plugin: plugin, client: client, profile: aws.profile, progress: progress)
            var failure: (any Error)?
            do {
                try await tunnel.open()
                try await use(login, port, interruption)
            } catch {
                failure = error
            }
            // Also where this was cancelled.
            await Task {
                await tunnel.close()
                await visit.end(keep: isKept)
            }.value
            if let failure { throw failure }
        }
    }

    /// A user with where it goes.
    private struct Login {
        var credentials: DatabaseCredentials
        let host: String
        let database: String
    }

    private func login(_ deployed: DeployedStack, _ client: AWSClient) async throws -> Login {
        var credentials = try await deployed.credentials(of: user)
        guard var host = credentials.host else {
            throw CommandError("The secret of '\(user)' names no host: deploy the stack '\(stack)' again.")
        }
        // Users of a pair have a manager, and the manager has none.
        if readerEndpoint {
            (host, credentials.port) = try deployed.readerEndpoint()
        } else if !direct, !iam, credentials.masterArn != nil, let proxy = credentials.proxyHost {
            host = proxy
        }
        if iam {
            credentials.password = try client.databaseAuthenticationToken(
                host: host, port: credentials.port, username: credentials.username)
        }
        let name = database ?? credentials.databaseName ?? deployed.databaseName ?? "postgres"
        return Login(credentials: credentials, host: host, database: name)
    }

    private var sslMode: String { ProcessInfo.processInfo.environment["PGSSLMODE"] ?? "require" }

    private func use(_ login: Login, _ port: Int, _ interruption: Interruption) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "aurora-connect-\(UUID().uuidString)").path
        try PrivateFile.makeDirectory(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        guard tunnel else {
            let psql = Psql(
                host: login.host, hostAddress: "127.0.0.1", port: port, credentials: login.credentials,
                database: login.database, sslMode: sslMode, directory: folder)
            return try await interruption.leaving { try await psql.run(arguments) }
        }
        let file = try PasswordFile(login.credentials, directory: folder)
        print(
            TunnelText(login.credentials, login.database, port, sslMode, passwordFile: file.path).text(
                env: env, service: service ? stack : nil, showsPassword: showPassword))
        fflush(nil)
        printError("The tunnel is open until Ctrl-C.")
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
