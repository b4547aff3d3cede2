// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import DatabaseAccess
import LocalStack
import Logging
import PostgreSQL
import SecretStore

/// A database with what is declared for it, wherever it is.
struct AccessTarget {
    /// A user as a person names it.
    struct User {
        let login: String
        let password: AccessExplanation.Password
    }

    let desired: DesiredAccess
    let manager: AccessManager
    private let login: Login
    private let secrets: [(name: String, credentials: DatabaseCredentials)]

    init(
        _ desired: DesiredAccess, _ configuration: PostgresConnection.Configuration, logger: Logger,
        secrets: [(name: String, credentials: DatabaseCredentials)]
    ) {
        self.desired = desired
        manager = AccessManager(manager: configuration, logger: logger)
        login = Login(manager: configuration, logger: logger)
        self.secrets = secrets
    }

    /// Finds a user by its role, or by the last part of its name, and tries its password.
    func user(named name: String) async throws -> User {
        let declared = desired.users.map(\.name)
        let candidates =
            declared.contains(name) ? [name] : declared.filter { $0.hasSuffix("_\(name)") }
        guard candidates.count == 1 else {
            // Any other role can be asked about as well, with its own name.
            guard candidates.isEmpty else {
                throw CommandError("'\(name)' may be \(candidates.joined(separator: " or ")): write it in full.")
            }
            return User(
                login: name,
                password: .notTried(
                    reason: "'\(name)' is not among the declared users (\(declared.joined(separator: ", ")))"))
        }
        let pair = DesiredAccess.User(name: candidates[0], access: .reader).pair
        guard let secret = secrets.first(where: { pair.contains($0.credentials.username) }) else {
            return User(login: candidates[0], password: .notTried(reason: "its secret cannot be read from here"))
        }
        let username = secret.credentials.username
        do {
            let works = try await login.works(username: username, password: secret.credentials.password)
            return User(login: username, password: works ? .works(secret: secret.name) : .refused(secret: secret.name))
        } catch let error as PostgresError {
            return User(login: username, password: .notTried(reason: error.message))
        }
    }
}

extension AccessTarget {
    /// A stack that is deployed, reached with the credentials of the environment.
    static func deployed(
        _ desired: DesiredAccess, _ names: (manager: String, users: [String]), _ options: SharedOptions,
        client: AWSClient
    ) async throws -> AccessTarget {
        let store = SecretsManagerStore(api: SecretsManagerAPI(client: client))
        func credentials(_ name: String) async throws -> DatabaseCredentials {
            try await store.credentials(of: name)
        }
        let manager = try await credentials(names.manager)
        guard let host = manager.host else {
            throw CommandError("The secret '\(names.manager)' names no host: deploy the stack first.")
        }
        var secrets: [(String, DatabaseCredentials)] = []
        for name in names.users { secrets.append((name, try await credentials(name))) }
        let configuration = PostgresConnection.Configuration(
            host: host, port: manager.port, username: manager.username, password: manager.password,
            database: AccessManager.maintenanceDatabase,
            tls: options.tls)
        do {
            let connection = try await PostgresConnection.connect(configuration, logger: options.logger)
            await connection.close()
        } catch let error as PostgresError where error.code == .deadlineExceeded || error.code == .connection {
            throw CommandError(
                "\(error.message) (\(configuration)). A cluster is reached from its own network only: run this there, "
                    + "or open a tunnel with aurora connect --tunnel and give its end as --url.")
        }
        return AccessTarget(desired, configuration, logger: options.logger, secrets: secrets)
    }

    /// A stack that runs on this machine.
    static func local(_ desired: DesiredAccess, _ stack: LocalStack, logger: Logger) async throws -> AccessTarget {
        let (configuration, secrets) = try await stack.access()
        return AccessTarget(desired, configuration, logger: logger, secrets: secrets)
    }
}
