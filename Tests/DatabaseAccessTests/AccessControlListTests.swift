// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DatabaseAccess

@Suite("An access control list")
struct AccessControlListTests {
    @Test("is read with names of any kind")
    func names() {
        let list = AccessControlList(
            text: #"{owner=arwdDxt/owner,=r/owner,"\"odd \"\"name\"\"\"=r*w/owner","\"a=b/c\"=U/\"x,y\""}"#)
        #expect(list.privileges(of: "owner").contains(.truncate))
        #expect(list.publicPrivileges == [.select])
        #expect(list.privileges(of: "odd \"name\"") == [.select, .update])
        #expect(list.privileges(of: "a=b/c") == [.usage])
        #expect(list.privileges(grantedBy: "x,y") == [.usage])
        #expect(list.entries[2].grantable == [.select])
        #expect(list.privileges(of: "nobody").isEmpty)
    }
}
