"""`log restored`: the house says that a backup was restored, and signs it with a key of the seal.

Whoever holds heads of what is gone can tell this from a log that was cut: by the signature.
"""

from typing import TYPE_CHECKING

from domain.audit.heads import RestoreStatement, SignedRestore
from services.audit.witness_file import last_witnessed, own_witness
from services.bootstrap import raise_epoch

if TYPE_CHECKING:
    from services.bootstrap import System


def say_restored(system: "System") -> tuple[int, bool]:
    """Raise the epoch of the log; give it, and whether the restore is signed.

    It is not where the private key is not: it counts all the same, and may be said again where the
    key is. An epoch that the witness has seen is not given twice, whatever the backup knows of it.
    Raises: InfraError not_the_owner, seal_key_unusable, witness_unusable
    """
    keys, log_id = system.seal_keys, system.audit.identity()[0]
    chosen = system.settings.witness_file
    seen = last_witnessed(chosen or own_witness(system.settings.data_dir, log_id))

    def sign(statement: RestoreStatement) -> SignedRestore | None:
        if not keys.has(statement.key_id):
            return None
        return SignedRestore(statement, keys.sign(statement.key_id, statement.text))

    epoch = raise_epoch(system.url, sign, above=0 if seen is None else seen.signed.head.epoch)
    return epoch, any(one.statement.epoch == epoch for one in system.audit.restores())
