"""Passwords and parts of passwords that are chosen again and again: a compact list of our own, by hand.

Words of fewer than four letters are left out: taken away piece by piece they would eat good passphrases.
"""

from typing import Final

_WORDS: Final = """
password passwort passwd passphrase pass word mypassword secret secrets topsecret private confidential
letmein letmeinnow openthedoor opensesame sesame welcome welcomeback hello helloworld hellothere goodbye
admin administrator root toor superuser user username guest login logon signin test testing tester
testtest default changeme changeit changethis temp temporary qwerty qwertz azerty qwertyuiop asdfgh
asdfghjkl zxcvbn zxcvbnm qazwsx qweasd qweasdzxc iloveyou iloveu ilovemy iloveher ilovehim loveyou lovely
lover love forever always trustno iamthe iamgod letme please computer internet website google facebook
twitter instagram wechat weixin alibaba taobao baidu tencent huawei xiaomi apple iphone samsung microsoft
windows office android linux ubuntu oracle mysql postgres redis docker github python java javascript
monkey dragon tiger lion eagle falcon phoenix panda horse rabbit puppy kitten kitty doggy butterfly
dolphin shark spider wolf bear chicken pikachu pokemon superman batman spiderman ironman avengers captain
america starwars skywalker yoda vader matrix football soccer baseball basketball hockey tennis golf
cricket rugby swimming running cycling volleyball liverpool chelsea arsenal barcelona realmadrid
manchester united juventus bayern yankees lakers cowboys steelers packers eagles rangers tigers michael
jordan jennifer jessica ashley amanda daniel andrew joshua matthew thomas robert william charlie george
harley hunter hannah michelle nicole stephanie elizabeth samantha victoria natasha maria anthony richard
patrick oliver jackson sophie emma olivia sunshine princess prince queen king kingdom angel angels heaven
jesus christ godisgood faith blessed blessing church bible master ninja samurai warrior killer hacker
shadow ghost demon devil magic wizard merlin mustang ferrari porsche mercedes corvette camaro yamaha
honda toyota harleydavidson summer winter spring autumn january february march april june july august
september october november december monday tuesday wednesday thursday friday saturday sunday morning
evening tonight today tomorrow yesterday birthday happy happybirthday christmas newyear flower flowers
rose orange purple yellow green blue black white silver golden diamond crystal cookie cookies chocolate
cheese pepper ginger banana cherry peaches pizza coffee freedom liberty peace justice power energy nature
ocean river mountain island moon moonlight star stars stardust sunflower rainbow school myschool student
students teacher teachers parent guardian pupil class classroom homework university college campus
education learning learner library principal district region china beijing shanghai guangzhou shenzhen
chengdu hangzhou nanjing wuhan zhongguo nihao woaini woaini1314 wodemima mima mimamima woshi laoshi
xuesheng xuexiao daxue zhongxue xiaoxue aini wojiao baobao laogong laopo qinaide facai gongxi
fuguijixiang jixiang pingan kuaile xingfu abcd abcde abcdef abcabc your thisis thisismy thisismypassword
itsme mynameis iamyour dontknow noidea 密码 我的密码 我爱你 老师 学生 学校 大学 中学 小学 你好 中国 北京
上海 生日快乐 恭喜发财 万事如意 一帆风顺 平安 幸福 快乐
"""

COMMON: Final = frozenset(_WORDS.split())
