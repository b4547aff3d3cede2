// SPDX-License-Identifier: Apache-2.0

public import AWSAPI
import AuroraResources
public import Logging
public import PostgreSQL
public import SecretStore

/// What the handlers need from where they run: Lambda, or this machine.
public struct FunctionEnvironment: Sendable {
    /// The function's environment variables.
    public var variables: [String: String]
    /// Where secrets are.
    public var secrets: any SecretStore
    /// What is asked of TLS; where nothing is given, what the variables say as for all programs that use libpq.
    public var tls: PostgresConnection.Configuration.TLS
    /// How long the manager's login is tried where it does not work: a cluster may be starting, and a rotation may be
    /// changing the password just now.
    public var patience: Duration
    /// How often is looked whether something that takes long is done.
    public var pollingInterval: Duration
    /// AWS's services, where there are any.
    public var aws: AWSClient?
    /// Gets what happens.
    public var logger: Logger

    /// Describes where handlers run.
    public init(
        variables: [String: String], secrets: any SecretStore, tls: PostgresConnection.Configuration.TLS? = nil,
        patience: Duration = .seconds(600), aws: AWSClient? = nil,
        logger: Logger
    ) {
        self.variables = variables
        self.secrets = secrets
        self.tls = tls ?? .init(environment: variables)
        self.patience = patience
        let milliseconds = variables[FunctionVariable.pollingMilliseconds.rawValue].flatMap { Int($0) } ?? 10_000
        pollingInterval = .milliseconds(max(1, milliseconds))
        self.aws = aws
        self.logger = logger
    }

    func required(_ variable: FunctionVariable) throws -> String {
        guard let value = variables[variable.rawValue], !value.isEmpty else {
            throw FunctionError.missingVariable(variable.rawValue)
        }
        return value
    }

    func client() throws -> AWSClient {
        guard let aws else { throw FunctionError.refused("AWS's services cannot be reached from here.") }
        return aws
    }

    /// The manager's login.
    ///
    /// - Parameter longest: How long it is tried at most; as long as ``patience`` says where `nil`.
    /// - Returns: The login, not tried yet.
    /// - Throws: ``FunctionError/missingVariable(_:)``.
    func managerLogin(patience longest: Duration? = nil) throws -> ManagerLogin {
        ManagerLogin(
            secretArn: try required(.managerSecretArn), secrets: secrets, tls: tls,
            patience: longest.map { min($0, patience) } ?? patience, logger: logger)
    }
}

/// Why a function cannot do what it is there for.
public enum FunctionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An environment variable is not set.
    case missingVariable(String)
    /// There is no handler of this name.
    case unknownHandler(String)
    /// A secret is not one that may be changed for a user.
    case refused(String)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .missingVariable(let name):
            "The environment variable \(name) is not set: deploy the function as the stack declares it."
        case .unknownHandler(let name):
            "There is no handler '\(name)': the function's Handler is one of "
                + "\(HandlerName.allCases.map(\.rawValue).joined(separator: ", "))."
        case .refused(let reason): reason
        }
    }
}
