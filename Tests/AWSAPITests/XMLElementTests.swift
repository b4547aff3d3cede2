// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSAPI

@Suite("An answer in XML")
struct XMLElementTests {
    @Test("is read with its lists, empty elements and escaped text")
    func document() throws {
        let element = try #require(
            XMLElement(
                document: """
                    <?xml version="1.0"?><!-- a remark -->
                    <Answer xmlns="x"><Result><Things><member><Name>a &lt;b&gt; &amp;amp; &quot;c&quot;</Name></member>
                    <member><Name/><Inner><Name>deep</Name></Inner></member></Things></Result></Answer>
                    """))
        let things = element.first("Result")?.members("Things") ?? []
        #expect(things.map { $0.text("Name") } == ["a <b> &amp; \"c\"", ""])
        #expect(things[1]["Inner"]?.text("Name") == "deep")
        #expect(element.first("Nothing") == nil && element["Result"]?.text("Nothing") == nil)
    }

    @Test("is none where it ends too early", arguments: ["", "no", "<a>", "<a><b></a>", "<a></b>", "</a>"])
    func malformed(text: String) {
        #expect(XMLElement(document: text) == nil)
    }
}
