/*
 * The privileged instructions that lguest's guests may meet: the original skips cli, in and
 * out (in reads all ones) so that a kernel which probes for hardware finds none, and gives
 * trap 13 for the rest. Only the plain forms with an optional operand-size prefix, as there;
 * opcodes from the Intel SDM, volume 2.
 */
#include "launcher/guest.h"

#define PREFIX_OPERAND_SIZE 0x66
#define CLI                 0xfa
#define IN_AL_IMM8          0xe4 /* + 1: eax; + 2: out; + 8: port in dx */
#define PORT_FORM_MASK      0xf4
#define PORT_WIDE           1
#define PORT_OUT            2
#define PORT_DX             8

bool
emulate_privileged(regs_t regs)
{
    uint32_t eip = regs[REG_RIP];
    const uint8_t *at = memory_at(eip, 1);
    bool narrow = at && *at == PREFIX_OPERAND_SIZE;
    if (narrow)
        at = memory_at(++eip, 1);
    if (!at)
        return false;
    uint8_t opcode = *at;
    if (opcode == CLI) {
        regs[REG_RIP] = eip + 1;
        return true;
    }
    if ((opcode & PORT_FORM_MASK) != IN_AL_IMM8)
        return false;
    if (!(opcode & PORT_OUT)) {
        uint32_t ones = !(opcode & PORT_WIDE) ? 0xff : narrow ? 0xffff : 0xffffffff;
        regs[REG_RAX] = (uint32_t)regs[REG_RAX] | ones;
    }
    regs[REG_RIP] = eip + (opcode & PORT_DX ? 1 : 2);
    return true;
}
