// SPDX-License-Identifier: Apache-2.0

extension PostgresConnection {
    /// How a server is reached, and as whom.
    public struct Configuration: Sendable {
        /// What is asked of TLS (PostgreSQL documentation, "SSL Support", `sslmode`).
        public enum TLS: Sendable, Hashable {
            /// None, for servers on this machine.
            case disable
            /// Where the server offers it.
            case prefer
            /// Always, without checking whose certificate it is.
            case require
            /// Always, with a certificate for this host from an authority in the file.
            case verifyFull(rootCertificates: String)
        }

        /// The server's name or address.
        public var host: String
        /// The port.
        public var port: Int
        /// The role to log in as.
        public var username: String
        /// Its password.
        public var password: String
        /// The database.
        public var database: String
        /// What is asked of TLS.
        public var tls: TLS
        /// How long a connection may take to be made.
        public var connectTimeout: Duration
        /// What the server shows of this client.
        public var applicationName: String

        /// Describes a connection.
        public init(
            host: String, port: Int, username: String, password: String, database: String, tls: TLS = .prefer,
            connectTimeout: Duration = .seconds(15), applicationName: String = "aurora"
        ) {
            self.host = host
            self.port = port
            self.username = username
            self.password = password
            self.database = database
            self.tls = tls
            self.connectTimeout = connectTimeout
            self.applicationName = applicationName
        }

        /// libpq's parameters.
        var parameters: [(keyword: String, value: String)] {
            var parameters = [
                ("host", host), ("port", String(port)), ("user", username), ("password", password),
                ("dbname", database), ("application_name", applicationName), ("client_encoding", "UTF8"),
                // Nothing of the person who runs this may decide who logs in.
                ("passfile", "/dev/null"), ("gssencmode", "disable"),
            ]
            switch tls {
            case .disable: parameters.append(("sslmode", "disable"))
            case .prefer: parameters.append(("sslmode", "prefer"))
            case .require: parameters.append(("sslmode", "require"))
            case .verifyFull(let file): parameters += [("sslmode", "verify-full"), ("sslrootcert", file)]
            }
            return parameters
        }
    }
}

extension PostgresConnection.Configuration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where and as whom, without the password.
    public var description: String { "\(username)@\(host):\(port)/\(database)" }
    /// The same as ``description``.
    public var debugDescription: String { description }
    /// Shows the password to nobody.
    public var customMirror: Mirror {
        Mirror(self, children: ["server": description, "password": "redacted"])
    }
}
