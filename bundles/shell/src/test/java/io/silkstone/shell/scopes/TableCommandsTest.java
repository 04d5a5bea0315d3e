package io.silkstone.shell.scopes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.TabletLoad;
import org.junit.jupiter.api.Test;

class TableCommandsTest {
    private final FakeStore store = new FakeStore();
    private final CommandRunner table =
            new CommandRunner(new TableCommands(() -> store, () -> null));
    private final CommandRunner tablet =
            new CommandRunner(new TabletCommands(() -> store, () -> null));
    private final CommandRunner kv = new CommandRunner(new KvCommands(() -> store, () -> 0));

    @Test
    void everyCommand_withoutAStore_saysSo() {
        new CommandRunner(new TableCommands(() -> null, () -> null))
                .assertWellBehavedWithoutServices(3);
        new CommandRunner(new TabletCommands(() -> null, () -> null))
                .assertWellBehavedWithoutServices(3);
    }

    @Test
    void list_showsTablesAndMemory() throws Exception {
        assertThat(table.run("list"))
                .isEqualTo(
                        """
                        ID  NAME     OBJECTS  TABLETS  REPLICAS
                         1  default        0        1         0
                        64.00 MiB of 1.00 GiB allocated, 1.00 MiB live in the log, \
                        64.00 KiB in hash tables""");
    }

    @Test
    void create_withTablets_createsThem() throws Exception {
        assertThat(table.run("create", "t", "--tablets", "4")).isEqualTo("Created the table t.");
        assertThat(table.run("list", "--json"))
                .contains("{\"id\":2,\"name\":\"t\",\"objects\":0,\"tablets\":4,\"replicas\":0}");
    }

    @Test
    void create_withAnOddNumberOfTablets_isRefused() {
        table.assertRefused(
                "--tablets must be a power of two, was 3.", "create", "t", "--tablets", "3");
    }

    @Test
    void create_withReplicas_needsACluster() {
        assertThatThrownBy(() -> table.run("create", "t", "--replicas", "4"))
                .hasMessageStartingWith("--replicas must be a whole number from 0 to 3");
        assertThatThrownBy(() -> table.run("create", "t", "--replicas", "1"))
                .hasMessageStartingWith("This node has no membership");
        assertThat(store.tables).doesNotContainKey("t");
    }

    @Test
    void create_ofATakenName_passesTheStoresSentenceOn() {
        table.assertRefused("There is a table default already.", "create", "default");
    }

    @Test
    void drop_ofAnEmptyTable_dropsIt() throws Exception {
        table.run("create", "t");
        assertThat(table.run("drop", "t")).isEqualTo("Dropped the table t with 0 objects.");
        table.assertRefused("There is no table t.", "drop", "t");
    }

    @Test
    void drop_ofAFullTable_needsForce() throws Exception {
        table.run("create", "t");
        kv.run("put", "k", "v", "--table", "t");
        table.assertRefused("The table t holds 1 object; add --force to drop it too.", "drop", "t");
        kv.run("put", "l", "v", "--table", "t");
        table.assertRefused(
                "The table t holds 2 objects; add --force to drop them too.", "drop", "t");
        kv.run("delete", "l", "--table", "t");
        assertThat(table.run("drop", "t", "--force"))
                .isEqualTo("Dropped the table t with 1 object.");
    }

    @Test
    void names_areOffered() throws Exception {
        table.run("create", "sessions");
        assertThat(table.offers("drop", 0)).containsExactly("default", "sessions");
        assertThat(tablet.offers("split", 0)).containsExactly("default", "sessions");
        assertThat(kv.command("get").option("--table").completion().apply(java.util.List.of()))
                .containsExactly("default", "sessions");
    }

    @Test
    void tabletList_showsHashesAndSlots() throws Exception {
        assertThat(tablet.run("list", "--table", "default"))
                .contains("0x0000000000000000  0xffffffffffffffff  0-16383  local  normal");
    }

    @Test
    void tabletList_showsWhatServersSay_andADashForWhoHasNot() throws Exception {
        store.tablets.clear();
        store.tablets.add(new KvStore.Tablet("default", 0, 99, "1.1", "normal", 4));
        store.tablets.add(new KvStore.Tablet("default", 100, -1, "2.1", "normal", 3));
        store.loads.add(new TabletLoad(1, 0, 99, 4, 12, 3_456, 789, TabletLoad.NO_CUT, 0));
        assertThat(tablet.run("list").lines().map(line -> line.strip().replaceAll(" +", " ")))
                .anyMatch(line -> line.endsWith("1.1 normal 4 12 3456 789 -"))
                .anyMatch(line -> line.endsWith("2.1 normal 3 - - - -"));
    }

    @Test
    void tabletList_ofAMissingTable_isRefused() {
        tablet.assertRefused("There is no table t; see `table:list`.", "list", "--table", "t");
    }

    @Test
    void split_atASlot_cutsAtItsFirstHash() throws Exception {
        tablet.run("split", "default", "--slot", "8192");
        assertThat(store.splits).containsExactly("default 8000000000000000");
    }

    @Test
    void split_atAHash_cutsThere() throws Exception {
        assertThat(tablet.run("split", "default", "--hash", "0xc000000000000000"))
                .isEqualTo("The table default is cut at 0xc000000000000000.");
        assertThat(store.splits).containsExactly("default c000000000000000");
    }

    @Test
    void split_withoutAPlace_isRefused() {
        tablet.assertRefused("tablet:split needs either --slot or --hash.", "split", "default");
        tablet.assertRefused(
                "A hash must be 0x and up to 16 hexadecimal digits, was '12'.",
                "split",
                "default",
                "--hash",
                "12");
        assertThat(store.splits).isEmpty();
    }
}
