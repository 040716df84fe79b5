/*
 * Linked into the programs that run a driver's tests once more, on packed rings: from the start
 * every device of the model that is modern only offers them.
 */
#include "model/model.h"

__attribute__((constructor)) static void
offer_packed(void)
{
    model_offers_packed = true;
}
