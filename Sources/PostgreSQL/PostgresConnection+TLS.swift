// SPDX-License-Identifier: Apache-2.0

extension PostgresConnection.Configuration.TLS {
    /// What the environment asks for, in the words of all programs that use libpq (PostgreSQL documentation, "Environment
    /// Variables").
    ///
    /// `PGSSLROOTCERT` names a file with authorities: the server then has to show a certificate of theirs for its own
    /// name, as `verify-full` has it. Without it a connection is encrypted, and nobody's certificate is checked;
    /// `PGSSLMODE=disable` is for servers that have no TLS.
    public init(environment: [String: String]) {
        if environment["PGSSLMODE"] == "disable" {
            self = .disable
        } else if let file = environment["PGSSLROOTCERT"], !file.isEmpty {
            self = .verifyFull(rootCertificates: file)
        } else {
            self = .require
        }
    }
}
